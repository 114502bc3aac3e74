program client;

{ Free Pascal with its own HTTP client, fphttpclient on OpenSSL, as an ERP's team would write it from the documentation.

  client WORK BASE CA USER PASS FILE...     (CA is not used: by default fphttpclient does not verify the certificate.) }

uses
  BaseUnix, SysUtils, Classes, fphttpclient, opensslsockets;

const
  KEY_LENGTH = 44;
  BOUNDARY = '0123456789abcdef0123456789abcdef';

var
  Http: TFPHTTPClient;
  Conn: string;
  Session: string;

procedure Expect(const Answer, Expected: string);
begin
  if Pos(Expected, Answer) > 0 then
    Exit;
  WriteLn(StdErr, Answer);
  Halt(1);
end;

procedure SendForm(const Form, Expected: string);
begin
  Http.Cookies.Text := Session;
  Expect(Http.FormPost(Conn, Form), Expected);
end;

function TextOf(const FileName: string): string;
var
  Document: TStringStream;
begin
  Document := TStringStream.Create('');
  try
    Document.LoadFromFile(FileName);
    Result := Document.DataString;
  finally
    Document.Free;
  end;
end;

function Field(const Name, Value: string): string;
begin
  Result := '--' + BOUNDARY + #13#10'Content-Disposition: form-data; name="' + Name + '"'#13#10#13#10 + Value + #13#10;
end;

{ By hand: FileFormPost and StreamFormPost send a file as application/octet-stream, which the service denies. }
procedure Upload(const FileName: string);
var
  Body: TStringStream;
begin
  Body := TStringStream.Create(Field('comp', '5') + Field('mod', 'Upload') + Field('path', 'eguarda/php/') +
    Field('recipient', '') + '--' + BOUNDARY + #13#10'Content-Disposition: form-data; name="file"; filename="' +
    ExtractFileName(FileName) + '"'#13#10'Content-Type: application/xml'#13#10#13#10 + TextOf(FileName) +
    #13#10'--' + BOUNDARY + '--'#13#10);
  try
    Http.AddHeader('Content-Type', 'multipart/form-data; boundary=' + BOUNDARY);
    Http.Cookies.Text := Session;
    Http.RequestBody := Body;
    Expect(Http.Post(Conn), '"S":{"P":1');
  finally
    Http.RequestBody := nil;
    Body.Free;
  end;
end;

procedure Consulta(const FileName: string);
begin
  SendForm('comp=5&mod=Protocolo&path=atwe/php/&chave[]=' + Copy(ExtractFileName(FileName), 1, KEY_LENGTH),
    '"protocolo":');
end;

var
  I: Integer;
  Start: TDateTime;
begin
  { OpenSSL takes leave of a server that may have closed the connection first: on Windows that is an error that nobody minds. }
  fpSignal(SIGPIPE, SignalHandler(SIG_IGN));
  Http := TFPHTTPClient.Create(nil);
  try
    Conn := ParamStr(2) + '/php/conn.php';
    Http.AddHeader('User-Agent', 'Mozilla/5.0 Sistema ERP/1.0');
    SendForm('comp=5&mod=login&user=' + EncodeURLElement(ParamStr(4)) + '&pass=' + EncodeURLElement(ParamStr(5)), '"C":{');
    Session := Http.Cookies.Text; { Each answer replaces them, also by none. }
    Start := Now;
    for I := 6 to ParamCount do
    begin
      Upload(ParamStr(I));
      if ParamStr(1) = 'endorse' then
        Consulta(ParamStr(I));
    end;
    WriteLn(Format('{"seconds":%d.%.3d}', [Round((Now - Start) * MSecsPerDay) div 1000,
      Round((Now - Start) * MSecsPerDay) mod 1000]));
  finally
    Http.Free;
  end;
end.
