program averbar;

// Example: has one CT-e endorsed in three steps, login, upload and consulta, with AverbadorApi alone.
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
  {$IFDEF MSWINDOWS}
  Windows,
  {$ENDIF}
  SysUtils,
  Classes,
  AverbadorApi in '..\AverbadorApi.pas';

const
  Usage =
    'Uso: averbar LOGIN SENHA ARQUIVO [CHAVE]' + sLineBreak + sLineBreak +
    'Entra no AverbePorto, envia o XML do CT-e (ou um ZIP) e consulta o protocolo.' + sLineBreak +
    'CHAVE: a chave de acesso; se faltar, vale a do nome do arquivo ou a do XML.' + sLineBreak + sLineBreak +
    '  --config ARQUIVO  ajustes para av_configure, em JSON' + sLineBreak +
    '  --lib CAMINHO     a biblioteca, se estiver em outra pasta' + sLineBreak +
    '  --help            mostra este texto' + sLineBreak + sLineBreak +
    'Termina com 0 se o documento foi averbado, 1 se falhou, 2 se o uso foi errado.';

type
  // The command line makes no sense.
  EMisused = class(Exception);

  // A step failed; the message is the library's, for the user.
  ERefused = class(Exception);

  TOrder = record
    User, Pass, FileName, Key, ConfigFile, LibraryPath: string;
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

// The bytes of a file as they are.
function Content(const FileName: string): AnsiString;
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(FileName, fmOpenRead or fmShareDenyWrite);
  try
    Result := '';
    SetLength(Result, Stream.Size);
    Stream.ReadBuffer(PAnsiChar(Result)^, Length(Result));
  finally
    Stream.Free;
  end;
end;

// 44 characters; the CNPJ inside may have letters.
function IsKey(const Text: string): Boolean;
var
  I: Integer;
begin
  Result := Length(Text) = 44;
  for I := 1 to Length(Text) do
    Result := Result and ((Text[I] >= '0') and (Text[I] <= '9') or
      (I >= 7) and (I <= 18) and (Text[I] >= 'A') and (Text[I] <= 'Z'));
end;

// The access key at the beginning of the file's name, or the Id="CTe..." in the file. '' if there is neither.
function KeyOf(const FileName: string): string;
const
  Mark = 'Id="CTe';
var
  Xml: string;
begin
  Result := Copy(ExtractFileName(FileName), 1, 44);
  if IsKey(Result) then
    Exit;
  Xml := string(Content(FileName));
  Result := Copy(Xml, Pos(Mark, Xml) + Length(Mark), 44);
  if not IsKey(Result) then
    Result := '';
end;

// What the command line asks for.
function ReadOrder: TOrder;
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
        Result.ConfigFile := OptionValue
      else if ParamStr(I) = '--lib' then
        Result.LibraryPath := OptionValue
      else if Copy(ParamStr(I), 1, 2) = '--' then
        raise EMisused.CreateFmt('Argumento desconhecido: %s.', [ParamStr(I)])
      else
        Words.Add(ParamStr(I));
      Inc(I);
    end;
    if (Words.Count < 3) or (Words.Count > 4) then
      raise EMisused.Create('Informe LOGIN, SENHA e ARQUIVO.');
    Words.Add('');
    Result.User := Words[0];
    Result.Pass := Words[1];
    Result.FileName := Words[2];
    Result.Key := Words[3];
  finally
    Words.Free;
  end;
  if not FileExists(Result.FileName) then
    raise EMisused.CreateFmt('Falta o arquivo "%s".', [Result.FileName]);
  if Result.Key = '' then
    Result.Key := KeyOf(Result.FileName);
  if Result.Key = '' then
    raise EMisused.CreateFmt('Informe a CHAVE: ela falta no nome e no texto de "%s".', [Result.FileName]);
end;

// Every reply tells by its status whether what was asked is done.
procedure Expect(const Reply: string);
begin
  if AvField(Reply, '/status') <> '1' then
    raise ERefused.Create(AvField(Reply, '/error/0/msg'));
end;

procedure Endorse(const Order: TOrder);
var
  Reply, Cookie: string;
begin
  if Order.ConfigFile <> '' then
    Expect(AvText(av_configure(PAnsiChar(Content(Order.ConfigFile)))));

  Say('Entrando no AverbePorto...');
  Reply := AvText(av_login(PAnsiChar(AvUtf8(Order.User)), PAnsiChar(AvUtf8(Order.Pass))));
  Expect(Reply);
  Cookie := AvField(Reply, '/cookie'); // good for a day or more: a real program stores it

  Say('Enviando ' + Order.FileName + '...');
  Reply := AvText(av_upload_file(PAnsiChar(AvUtf8(Cookie)), PAnsiChar(AvUtf8(Order.FileName))));
  if AvField(Reply, '/error/0/incerto') <> 'true' then // perhaps it arrived: do not send it again, look it up
    Expect(Reply);

  Say('Consultando ' + Order.Key + '...');
  Reply := AvText(av_consulta(PAnsiChar(AvUtf8(Cookie)), PAnsiChar(AvUtf8(Order.Key))));
  Expect(Reply);
  Say('Averbado. Protocolo: ' + AvField(Reply, '/protocolo'));
end;

procedure Run;
var
  Order: TOrder;
begin
  if ParamStr(1) = '--help' then
  begin
    Say(Usage);
    Exit;
  end;
  Order := ReadOrder;
  AvLoad(Order.LibraryPath);
  try
    Endorse(Order);
  finally
    AvUnload;
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
    Run;
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
