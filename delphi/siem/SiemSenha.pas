unit SiemSenha;

// Protects the stored password, so that a copy of the database does not give it away.
//
// On Windows by DPAPI: only this user, on this computer, can read it back. Elsewhere it is encrypted with a key in a file
// that only this user can read: as safe as that file, and no safer.

{$mode delphi}{$H+}

interface

// Text, protected, in base64. KeyFile is made if it is needed and not there.
function Protect(const Text, KeyFile: string): string;

// What was protected; '' if it cannot be read back: another user, another computer, a lost key file.
function Unprotect(const Protected, KeyFile: string): string;

implementation

uses
  SysUtils, Base64 {$IFDEF WINDOWS}, Windows {$ELSE}, Classes, BaseUnix, HMAC, SHA1 {$ENDIF};

{$IFDEF WINDOWS}
type
  TDataBlob = record
    Size: DWORD;
    Data: PByte;
  end;
  PDataBlob = ^TDataBlob;

const
  NoWindows = 1; // CRYPTPROTECT_UI_FORBIDDEN

function CryptProtectData(Input: PDataBlob; Description: PWideChar; Entropy: PDataBlob; Reserved, Prompt: Pointer;
  Flags: DWORD; Output: PDataBlob): BOOL; stdcall; external 'crypt32.dll';
function CryptUnprotectData(Input: PDataBlob; Description: Pointer; Entropy: PDataBlob; Reserved, Prompt: Pointer;
  Flags: DWORD; Output: PDataBlob): BOOL; stdcall; external 'crypt32.dll';

function BlobOf(const Text: AnsiString): TDataBlob;
begin
  Result.Size := Length(Text);
  Result.Data := PByte(PAnsiChar(Text));
end;

// Takes the text that Windows has put into Blob.
function Taken(var Blob: TDataBlob): AnsiString;
begin
  SetString(Result, PAnsiChar(Blob.Data), Blob.Size);
  LocalFree(HLOCAL(Blob.Data));
end;

function Encrypted(const Text, KeyFile: string): string;
var
  Input, Output: TDataBlob;
begin
  Input := BlobOf(Text);
  if not CryptProtectData(@Input, nil, nil, nil, nil, NoWindows, @Output) then
    RaiseLastOSError;
  Result := Taken(Output);
end;

function Decrypted(const Text, KeyFile: string): string;
var
  Input, Output: TDataBlob;
begin
  Input := BlobOf(Text);
  Result := '';
  if CryptUnprotectData(@Input, nil, nil, nil, nil, NoWindows, @Output) then
    Result := Taken(Output);
end;
{$ELSE}
const
  KeySize = 32;
  NonceSize = 16;
  TagSize = SizeOf(THMACSHA1Digest);

function Random(Count: Integer): string;
var
  Source: TFileStream;
begin
  Source := TFileStream.Create('/dev/urandom', fmOpenRead);
  try
    SetLength(Result, Count);
    Source.ReadBuffer(Result[1], Count);
  finally
    Source.Free;
  end;
end;

procedure MakeKey(const KeyFile: string);
var
  Handle: THandle;
  Key: string;
begin
  Key := Random(KeySize);
  Handle := FileCreate(KeyFile, fmShareExclusive, S_IRUSR or S_IWUSR);
  if (Handle = THandle(-1)) or (FileWrite(Handle, Key[1], KeySize) <> KeySize) then
    raise EInOutError.CreateFmt('O arquivo "%s" não pode ser gravado.', [KeyFile]);
  FileClose(Handle);
end;

// '' if there is none.
function ReadKey(const KeyFile: string): string;
var
  Source: TFileStream;
begin
  Result := '';
  if not FileExists(KeyFile) then
    Exit;
  Source := TFileStream.Create(KeyFile, fmOpenRead or fmShareDenyWrite);
  try
    SetLength(Result, Source.Size);
    Source.ReadBuffer(PChar(Result)^, Length(Result));
  finally
    Source.Free;
  end;
end;

function Digest(const Key, Text: string): string;
var
  Value: THMACSHA1Digest;
begin
  Value := HMACSHA1Digest(Key, Text);
  SetString(Result, PChar(@Value), SizeOf(Value));
end;

// Encrypts and decrypts: Text, each byte changed by a byte of a stream that Key and Nonce alone determine.
function Changed(const Text, Key, Nonce: string): string;
var
  Stream: string;
  I: Integer;
begin
  Stream := '';
  while Length(Stream) < Length(Text) do
    Stream := Stream + Digest(Key, 'stream' + Nonce + IntToStr(Length(Stream)));
  SetLength(Result, Length(Text));
  for I := 1 to Length(Text) do
    Result[I] := Chr(Ord(Text[I]) xor Ord(Stream[I]));
end;

function Tag(const Text, Key: string): string;
begin
  Result := Digest(Key, 'tag' + Text);
end;

function Encrypted(const Text, KeyFile: string): string;
var
  Key, Nonce: string;
begin
  if Length(ReadKey(KeyFile)) <> KeySize then
    MakeKey(KeyFile);
  Key := ReadKey(KeyFile);
  Nonce := Random(NonceSize);
  Result := Nonce + Changed(Text, Key, Nonce);
  Result := Result + Tag(Result, Key);
end;

function Decrypted(const Text, KeyFile: string): string;
var
  Key, Body: string;
begin
  Result := '';
  Key := ReadKey(KeyFile);
  Body := Copy(Text, 1, Length(Text) - TagSize);
  if (Length(Key) = KeySize) and (Length(Body) >= NonceSize) and (Body + Tag(Body, Key) = Text) then
    Result := Changed(Copy(Body, NonceSize + 1, MaxInt), Key, Copy(Body, 1, NonceSize));
end;
{$ENDIF}

function Protect(const Text, KeyFile: string): string;
begin
  Result := EncodeStringBase64(Encrypted(Text, KeyFile));
end;

function Unprotect(const Protected, KeyFile: string): string;
begin
  Result := '';
  if Protected <> '' then
    Result := Decrypted(DecodeStringBase64(Protected), KeyFile);
end;

end.
