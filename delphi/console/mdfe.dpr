program mdfe;

// Example: from the CT-e of a trip to its MDF-e with TMdfe, showing the stages: endorsed, issued, files saved.
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
  Averbador in '..\Averbador.pas',
  AverbadorMdfe in '..\AverbadorMdfe.pas';

const
  Usage =
    'Uso: mdfe LOGIN SENHA DOCUMENTO PASTA CTE...' + sLineBreak + sLineBreak +
    'Averba os CT-e no AverbePorto, emite o MDF-e com os protocolos pelo Webmania, e grava na PASTA o DAMDFE e o' + sLineBreak +
    'XML. DOCUMENTO aponta o MDF-e em JSON; CTE, um XML, uma pasta ou um ZIP.' + sLineBreak + sLineBreak +
    '  --config ARQUIVO  ajustes da biblioteca, em JSON' + sLineBreak +
    '  --lib CAMINHO     a biblioteca, se estiver em outra pasta' + sLineBreak +
    '  --help            mostra este texto' + sLineBreak + sLineBreak +
    'O token do Webmania vem dos ajustes, ou de AVERBADOR_TOKEN, no ambiente.' + sLineBreak +
    'Termina com 0 se o MDF-e foi aprovado, 1 se falhou, 2 se o uso foi errado.';

  Patience = 300; // seconds in which Sefaz decides, nearly always

type
  // The command line makes no sense.
  EMisused = class(Exception);

  // Something was not done; the message is the library's, for the user.
  ERefused = class(Exception);

  TConsole = class
  private
    FPorto: TAverbador;
    FMdfe: TMdfe;
    FConfigFile: string;
    FDocument: string;
    FFolder: string;
    procedure ReadCommandLine;
    procedure ShowStage(Sender: TObject; const Progresso: TAvProgresso);
    procedure ShowFindings(const Title: string; const Findings: TMdfeApontamentos);
    procedure ShowResult(const Resultado: TMdfeResultado);
    procedure Save(const Resultado: TMdfeResultado);
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
  FMdfe := TMdfe.Create(nil);
  FMdfe.OnEtapa := ShowStage;
  FMdfe.Averbador := FPorto;
  FMdfe.Aguardar := Patience;
end;

destructor TConsole.Destroy;
begin
  FMdfe.Free;
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
        FMdfe.Biblioteca := OptionValue
      else if Copy(ParamStr(I), 1, 2) = '--' then
        raise EMisused.CreateFmt('Argumento desconhecido: %s.', [ParamStr(I)])
      else
        Words.Add(ParamStr(I));
      Inc(I);
    end;
    if Words.Count < 5 then
      raise EMisused.Create('Informe LOGIN, SENHA, DOCUMENTO, PASTA e ao menos um CTE.');
    FPorto.Usuario := Words[0];
    FPorto.Senha := Words[1];
    FDocument := Words[2];
    FFolder := Words[3];
    for I := 4 to Words.Count - 1 do
      FMdfe.Ctes.Add(Words[I]);
    FMdfe.Token := GetEnvironmentVariable('AVERBADOR_TOKEN');
  finally
    Words.Free;
  end;
end;

procedure TConsole.ShowStage(Sender: TObject; const Progresso: TAvProgresso);
begin
  if Progresso.Estado in [avInicio, avRepetindo] then
    Say(Progresso.Mensagem);
end;

procedure TConsole.ShowFindings(const Title: string; const Findings: TMdfeApontamentos);
var
  I: Integer;
begin
  for I := 0 to High(Findings) do
    Say(Title + Findings[I].Campo + ': ' + Findings[I].Mensagem + ' ' + Findings[I].Acao);
end;

procedure TConsole.ShowResult(const Resultado: TMdfeResultado);
var
  I: Integer;
begin
  for I := 0 to High(Resultado.Averbacao.Documentos) do
    with Resultado.Averbacao.Documentos[I] do
      if Sucesso then
        Say('CT-e ' + Chave + ' averbado. Protocolo: ' + Protocolo)
      else
        Say('CT-e ' + Arquivo + ': ' + Mensagem);
  ShowFindings('Aviso ', Resultado.Avisos);
  ShowFindings('Falta ', Resultado.Pendencias);
  if Resultado.MdfeAberto.Chave <> '' then
    Say('Encerre antes o MDF-e ' + Resultado.MdfeAberto.Chave);
end;

procedure TConsole.Save(const Resultado: TMdfeResultado);
var
  Name: string;

  procedure Check(const Arquivo: TMdfeArquivo);
  begin
    if not Arquivo.Sucesso then
      raise ERefused.Create(Arquivo.Mensagem);
    Say('Gravado: ' + Arquivo.Arquivo);
  end;

begin
  Name := string(IncludeTrailingPathDelimiter(FFolder)) + Resultado.Chave;
  Check(FMdfe.BaixarPdf(Resultado.Chave, Name + '.pdf'));
  Check(FMdfe.BaixarXml(Resultado.Chave, Name + '.xml'));
end;

procedure TConsole.Run;
var
  Configuracao: TAvConfiguracao;
  Resultado: TMdfeResultado;
begin
  ReadCommandLine;
  if FConfigFile <> '' then
  begin
    Configuracao := FMdfe.ConfigurarPeloArquivo(FConfigFile);
    if not Configuracao.Sucesso then
      raise ERefused.Create(Configuracao.Mensagem);
  end;
  Resultado := FMdfe.Emitir(FDocument); // a real program stores Uuid, Chave and the protocols at once
  ShowResult(Resultado);
  if not Resultado.Sucesso then
    raise ERefused.Create(Resultado.Mensagem);
  Say('MDF-e ' + Resultado.Chave + ' ' + Resultado.NomeDaSituacao + '. ' + Resultado.Motivo);
  Save(Resultado);
end;

procedure Issue;
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
      Issue;
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
