program nfse;

// Example: RPS sent with TNfse, showing the stages, until the NFS-e are there and their files are saved.
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
  AverbadorNfse in '..\AverbadorNfse.pas';

const
  Usage =
    'Uso: nfse PASTA RPS...' + sLineBreak + sLineBreak +
    'Envia os RPS pelo InvoiCy, espera pelas NFS-e, e grava na PASTA o PDF e o XML de cada uma. RPS aponta um XML.' +
    sLineBreak + sLineBreak +
    '  --config ARQUIVO  ajustes da biblioteca, em JSON' + sLineBreak +
    '  --aguardar S      espera ate S segundos pelo que nao e decidido logo; 30 se nao informado' + sLineBreak +
    '  --lib CAMINHO     a biblioteca, se estiver em outra pasta' + sLineBreak +
    '  --help            mostra este texto' + sLineBreak + sLineBreak +
    'As chaves do InvoiCy vem dos ajustes, ou do ambiente: AVERBADOR_CHAVE_ACESSO, AVERBADOR_CHAVE_PARCEIRO.' + sLineBreak +
    'Termina com 0 se ha uma NFS-e de cada RPS, 1 se falta alguma, 2 se o uso foi errado.';

  Patience = 30; // seconds: it asks after a third of them, and at the end

type
  // The command line makes no sense.
  EMisused = class(Exception);

  // Something was not done; the message is the library's, for the user.
  ERefused = class(Exception);

  TConsole = class
  private
    FNfse: TNfse;
    FRps: TStringList;
    FConfigFile: string;
    procedure ReadCommandLine;
    procedure ShowStage(Sender: TObject; const Progresso: TAvProgresso);
    procedure ShowDocument(const Documento: TNfseDocumento);
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
  FRps := TStringList.Create;
  FNfse := TNfse.Create(nil);
  FNfse.OnEtapa := ShowStage;
  FNfse.Aguardar := Patience;
end;

destructor TConsole.Destroy;
begin
  FNfse.Free;
  FRps.Free;
  inherited Destroy;
end;

procedure TConsole.ReadCommandLine;
var
  I: Integer;

  function OptionValue: string;
  begin
    if I >= ParamCount then
      raise EMisused.CreateFmt('Falta o valor de %s.', [ParamStr(I)]);
    Inc(I);
    Result := ParamStr(I);
  end;

begin
  I := 1;
  while I <= ParamCount do
  begin
    if ParamStr(I) = '--config' then
      FConfigFile := OptionValue
    else if ParamStr(I) = '--aguardar' then
      FNfse.Aguardar := StrToInt(OptionValue)
    else if ParamStr(I) = '--lib' then
      FNfse.Biblioteca := OptionValue
    else if Copy(ParamStr(I), 1, 2) = '--' then
      raise EMisused.CreateFmt('Argumento desconhecido: %s.', [ParamStr(I)])
    else if FNfse.Pasta = '' then
      FNfse.Pasta := ParamStr(I)
    else
      FRps.Add(ParamStr(I));
    Inc(I);
  end;
  if FRps.Count = 0 then
    raise EMisused.Create('Informe PASTA e ao menos um RPS.');
  FNfse.ChaveAcesso := GetEnvironmentVariable('AVERBADOR_CHAVE_ACESSO');
  FNfse.ChaveParceiro := GetEnvironmentVariable('AVERBADOR_CHAVE_PARCEIRO');
end;

procedure TConsole.ShowStage(Sender: TObject; const Progresso: TAvProgresso);
begin
  if Progresso.Estado in [avInicio, avRepetindo] then
    Say(Progresso.Mensagem);
end;

procedure TConsole.ShowDocument(const Documento: TNfseDocumento);
var
  I: Integer;
begin
  Say('RPS ' + Documento.Numero + ' serie ' + Documento.Serie + ' (' + Documento.IDUnico + ')');
  if Documento.Situacao.Codigo <> '' then
    Say('  ' + Documento.Situacao.Nivel + ' ' + Documento.Situacao.Codigo + ': ' + Documento.Situacao.Texto);
  if Documento.NFSeNumero <> '' then
    Say('  NFS-e ' + Documento.NFSeNumero + ', codigo de verificacao ' + Documento.CodVerificacao);
  if Documento.ArquivoPdf <> '' then
    Say('  Gravado: ' + Documento.ArquivoPdf);
  if Documento.ArquivoXml <> '' then
    Say('  Gravado: ' + Documento.ArquivoXml);
  for I := 0 to High(Documento.Avisos) do
    Say('  Aviso: ' + Documento.Avisos[I]);
  for I := 0 to High(Documento.Erros) do
    Say('  ' + Documento.Erros[I].Mensagem + ' [' + Documento.Erros[I].Detalhe + ']'); // the detail is for support
end;

procedure TConsole.Run;
var
  Configuracao: TAvConfiguracao;
  Lote: TNfseLote;
  I: Integer;
begin
  ReadCommandLine;
  if FConfigFile <> '' then
  begin
    Configuracao := FNfse.ConfigurarPeloArquivo(FConfigFile);
    if not Configuracao.Sucesso then
      raise ERefused.Create(Configuracao.Mensagem);
  end;
  Lote := FNfse.Enviar(FRps); // a real program stores IDUnico, NFSeNumero and CodVerificacao at once
  for I := 0 to High(Lote.Documentos) do
    ShowDocument(Lote.Documentos[I]);
  if not Lote.Sucesso then
    raise ERefused.Create(Lote.Mensagem);
end;

procedure Send;
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
      Send;
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
