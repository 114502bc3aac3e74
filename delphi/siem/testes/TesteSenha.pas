unit TesteSenha;

// The protection of the stored password.

{$mode delphi}{$H+}

interface

uses
  FPCUnit, TestRegistry;

type
  TTesteSenha = class(TTestCase)
  private
    FKeyFile: string;
  protected
    procedure SetUp; override;
    procedure TearDown; override;
  published
    procedure ComesBackAsItWas;
    procedure CannotBeRead;
    procedure TheSameTwiceLooksDifferent;
    procedure DamagedIsNothing;
    procedure NothingIsNothing;
    {$IFDEF UNIX}
    procedure WithoutTheKeyFileIsNothing;
    procedure TheKeyFileIsForTheUserAlone;
    {$ENDIF}
  end;

implementation

uses
  SysUtils, Base64 {$IFDEF UNIX}, BaseUnix {$ENDIF}, SiemSenha;

const
  // As long as an API password may be, 64 characters.
  Longest = 'Açaí-0123456789-0123456789-0123456789-0123456789-0123456789-FIM!';

procedure TTesteSenha.SetUp;
begin
  FKeyFile := GetTempFileName('', 'siem');
  DeleteFile(FKeyFile);
end;

procedure TTesteSenha.TearDown;
begin
  DeleteFile(FKeyFile);
end;

procedure TTesteSenha.ComesBackAsItWas;
begin
  AssertEquals(Longest, Unprotect(Protect(Longest, FKeyFile), FKeyFile));
  AssertEquals('x', Unprotect(Protect('x', FKeyFile), FKeyFile));
end;

procedure TTesteSenha.CannotBeRead;
var
  Stored: string;
begin
  Stored := Protect(Longest, FKeyFile);
  AssertEquals(0, Pos('0123456789', Stored));
  AssertEquals(0, Pos('0123456789', DecodeStringBase64(Stored)));
  AssertTrue('fits the column', Length(Stored) <= 1024);
end;

procedure TTesteSenha.TheSameTwiceLooksDifferent;
begin
  AssertTrue(Protect('SENHA', FKeyFile) <> Protect('SENHA', FKeyFile));
end;

procedure TTesteSenha.DamagedIsNothing;
var
  Bytes: string;
begin
  Bytes := DecodeStringBase64(Protect('SENHA', FKeyFile));
  SetLength(Bytes, Length(Bytes) - 1);
  AssertEquals('', Unprotect(EncodeStringBase64(Bytes), FKeyFile));
  AssertEquals('', Unprotect(EncodeStringBase64('short'), FKeyFile));
end;

procedure TTesteSenha.NothingIsNothing;
begin
  AssertEquals('', Unprotect('', FKeyFile));
end;

{$IFDEF UNIX}
procedure TTesteSenha.WithoutTheKeyFileIsNothing;
var
  Stored: string;
begin
  Stored := Protect('SENHA', FKeyFile);
  DeleteFile(FKeyFile);
  AssertEquals('', Unprotect(Stored, FKeyFile));
  Protect('another', FKeyFile);
  AssertEquals('another key', '', Unprotect(Stored, FKeyFile));
end;

procedure TTesteSenha.TheKeyFileIsForTheUserAlone;
var
  Info: TStat;
begin
  Protect('SENHA', FKeyFile);
  AssertEquals(0, FpStat(FKeyFile, Info));
  AssertEquals(S_IRUSR or S_IWUSR, Info.st_mode and &777);
end;
{$ENDIF}

initialization
  RegisterTest(TTesteSenha);
end.
