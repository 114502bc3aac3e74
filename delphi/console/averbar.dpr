program averbar;

// Example: has one CT-e endorsed with TAverbador, showing its stages.
//
// Compiles with Delphi 7 and later and with Free Pascal. averbador.dll (libaverbador.so) belongs beside the program.
// ASCII, since Delphi 7 takes the source for ANSI: the texts here are worded without accents, those of the
// library have them.

{$APPTYPE CONSOLE}
{$IFDEF FPC}
  {$IFNDEF UNICODE}
    {$MODE DELPHI}
  {$ENDIF}
{$ENDIF}

uses
  {$IFDEF UNIX}
  cthreads,
  {$ENDIF}
  {$IFDEF MSWINDOWS}
  Windows,
  {$ENDIF}
  SysUtils,
  Classes,
  AverbadorApi in '..\AverbadorApi.pas',
  AverbadorJson in '..\AverbadorJson.pas',
  AverbadorChamada in '..\AverbadorChamada.pas',
  Averbador in '..\Averbador.pas';

const
  Usage =
    'Uso: averbar LOGIN SENHA ARQUIVO' + sLineBreak + sLineBreak +
    'Averba o XML de um CT-e no AverbePorto: entra, envia, consulta o protocolo.' + sLineBreak + sLineBreak +
    '  --config ARQUIVO  ajustes da biblioteca, em JSON' + sLineBreak +
    '  --lib CAMINHO     a biblioteca, se estiver em outra pasta' + sLineBreak +
    '  --help            mostra este texto' + sLineBreak + sLineBreak +
    'Termina com 0 se o documento foi averbado, 1 se falhou, 2 se o uso foi errado.';

type
  // The command line makes no sense.
  EMisused = class(Exception);

  // Something was not done; the message is the library's, for the user.
  ERefused = class(Exception);

  TConsole = class
  private
    FPorto: TAverbador;
    FConfigFile: string;
    FFileName: string;
    procedure ReadCommandLine;
    procedure ShowStage(Sender: TObject; const Progresso: TAvProgresso);
  public
    constructor Create;
    destructor Destroy; override;
    procedure Run;
  end;

// In UTF-8, whatever the Delphi: console and redirected output alike.
procedure Say(const Line: string);
var
  Bytes: UTF8String;
begin
  Bytes := AvUtf8(Line + sLineBreak);
  FileWrite({$IFDEF MSWINDOWS} GetStdHandle(STD_OUTPUT_HANDLE) {$ELSE} StdOutputHandle {$ENDIF},
    PAnsiChar(Bytes)^, Length(Bytes));
end;

constructor TConsole.Create;
begin
  inherited Create;
  FPorto := TAverbador.Create(nil);
  FPorto.OnEtapa := ShowStage;
end;

destructor TConsole.Destroy;
begin
  FPorto.Free;
  inherited Destroy;
end;

procedure TConsole.ReadCommandLine;
var
  Words: TStringList;
  I: Integer;

  function OptionValue: string;
  begin
    if I >= ParamCount then
      raise EMisused.CreateFmt('Falta o valor de %s.', [ParamStr(I)]);
    Inc(I);
    Result := ParamStr(I);
  end;

begin
  Words := TStringList.Create;
  try
    I := 1;
    while I <= ParamCount do
    begin
      if ParamStr(I) = '--config' then
        FConfigFile := OptionValue
      else if ParamStr(I) = '--lib' then
        FPorto.Biblioteca := OptionValue
      else if Copy(ParamStr(I), 1, 2) = '--' then
        raise EMisused.CreateFmt('Argumento desconhecido: %s.', [ParamStr(I)])
      else
        Words.Add(ParamStr(I));
      Inc(I);
    end;
    if Words.Count <> 3 then
      raise EMisused.Create('Informe LOGIN, SENHA e ARQUIVO.');
    FPorto.Usuario := Words[0];
    FPorto.Senha := Words[1];
    FFileName := Words[2];
  finally
    Words.Free;
  end;
end;

procedure TConsole.ShowStage(Sender: TObject; const Progresso: TAvProgresso);
begin
  if Progresso.Estado in [avInicio, avRepetindo] then
    Say(Progresso.Mensagem);
end;

procedure TConsole.Run;
var
  Configuracao: TAvConfiguracao;
  Averbacao: TAvAverbacao;
begin
  ReadCommandLine;
  if FConfigFile <> '' then
  begin
    Configuracao := FPorto.ConfigurarPeloArquivo(FConfigFile);
    if not Configuracao.Sucesso then
      raise ERefused.Create(Configuracao.Mensagem);
  end;
  Averbacao := FPorto.Averbar(FFileName); // FPorto.Cookie is a session for a day or more: a real program stores it
  if not Averbacao.Sucesso then
    raise ERefused.Create(Averbacao.Mensagem);
  Say('CT-e ' + Averbacao.Chave + ' averbado. Protocolo: ' + Averbacao.Protocolo);
end;

procedure Endorse;
var
  Console: TConsole;
begin
  Console := TConsole.Create;
  try
    Console.Run;
  finally
    Console.Free;
  end;
end;

{$IFDEF MSWINDOWS}
var
  CodePage: Cardinal;
{$ENDIF}

begin
  {$IFDEF MSWINDOWS}
  CodePage := GetConsoleOutputCP;
  SetConsoleOutputCP(CP_UTF8);
  {$ENDIF}
  try
    if ParamStr(1) = '--help' then
      Say(Usage)
    else
      Endorse;
  except
    on E: EMisused do
    begin
      Say(E.Message + sLineBreak + sLineBreak + Usage);
      ExitCode := 2;
    end;
    on E: Exception do
    begin
      Say('Falhou: ' + E.Message);
      ExitCode := 1;
    end;
  end;
  {$IFDEF MSWINDOWS}
  SetConsoleOutputCP(CodePage);
  {$ENDIF}
end.
