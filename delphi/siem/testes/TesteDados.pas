unit TesteDados;

// The database.

{$mode delphi}{$H+}

interface

uses
  TestRegistry, TestePasta, SiemDados;

type
  TTesteDados = class(TTestePasta)
  private
    procedure Conclude(const Number: string; Situation: TSituation; const Protocol, Reason: string);
    function UnfinishedCount: Integer;
    procedure ExpectFailure(const Text: string);
  published
    procedure ListsTheDay;
    procedure ListsOnlyWhatIsNotEndorsed;
    procedure BeginsWithTheLastDay;
    procedure WhatWasBegunIsUnfinished;
    procedure TheOutcomeReplacesTheNote;
    procedure AnEndorsementIsNeverOverwritten;
    procedure KeepsTheAccount;
    procedure AnotherAccountEndsTheSession;
    procedure ForgetsThePassword;
    procedure ThePasswordIsNotInTheFile;
    procedure SaysThatItIsLocked;
    procedure SaysThatItIsDamaged;
  end;

implementation

uses
  SysUtils, Classes, SQLite3Conn;

procedure TTesteDados.Conclude(const Number: string; Situation: TSituation; const Protocol, Reason: string);
var
  Outcome: TOutcome;
begin
  Outcome.Key := Find(Number).Outcome.Key;
  Outcome.Situation := Situation;
  Outcome.Protocol := Protocol;
  Outcome.Reason := Reason;
  FData.Finish(TOutcomes.Create(Outcome));
end;

function TTesteDados.UnfinishedCount: Integer;
var
  Keys: TStringList;
begin
  Keys := FData.Unfinished;
  Result := Keys.Count;
  Keys.Free;
end;

procedure TTesteDados.ListsTheDay;
begin
  AssertEquals(14, Count(FData.List(Date, False)));
  AssertEquals(4, Count(FData.List(Date - 1, False)));
  AssertEquals(0, Count(FData.List(Date - 2, False)));
  AssertEquals('4705', FData.List(Date, False)[0].Number);
  AssertTrue(Find('4709').Cancelled);
  AssertFalse(FData.IsEmpty);
end;

procedure TTesteDados.ListsOnlyWhatIsNotEndorsed;
begin
  Conclude('4705', stEndorsed, '058', '');
  Conclude('4706', stFailed, '', 'Não deu.');
  AssertEquals(13, Count(FData.List(Date, True)));
  AssertEquals('058', Find('4705').Outcome.Protocol);
  AssertEquals('Não deu.', Find('4706').Outcome.Reason);
  AssertTrue(Find('4707').Outcome.Situation = stNone);
end;

procedure TTesteDados.BeginsWithTheLastDay;
var
  Other: TSiemDados;
  CTe: TCTe;
begin
  AssertEquals('issued today', Date, FData.LastDay);
  Other := TSiemDados.Create(FFolder + PathDelim + 'outro');
  try
    AssertEquals('none was ever issued', Date, Other.LastDay);
    CTe := Find('4705');
    CTe.Day := Date - 3;
    Other.Add([CTe]);
    CTe := Find('4706');
    CTe.Day := Date + 1;
    Other.Add([CTe]);
    AssertEquals('the last until today', Date - 3, Other.LastDay);
  finally
    Other.Free;
  end;
end;

procedure TTesteDados.WhatWasBegunIsUnfinished;
begin
  FData.Start(TCTes.Create(Find('4705'), Find('4706')));
  Reopen;
  AssertEquals(2, UnfinishedCount);
  AssertTrue(Find('4705').Outcome.Situation = stUnfinished);
end;

procedure TTesteDados.TheOutcomeReplacesTheNote;
begin
  FData.Start(TCTes.Create(Find('4705')));
  Conclude('4705', stEndorsed, '058', '');
  Reopen;
  AssertEquals(0, UnfinishedCount);
  AssertTrue(Find('4705').Outcome.Situation = stEndorsed);
end;

procedure TTesteDados.AnEndorsementIsNeverOverwritten;
begin
  Conclude('4705', stEndorsed, '058', '');
  Conclude('4705', stFailed, '', 'Não deu.');
  FData.Start(TCTes.Create(Find('4705')));
  AssertTrue(Find('4705').Outcome.Situation = stEndorsed);
  AssertEquals('058', Find('4705').Outcome.Protocol);
end;

procedure TTesteDados.KeepsTheAccount;
begin
  AssertEquals('', FData.Account.User);
  FData.SaveAccount('usuário', 'sênha');
  FData.SaveSession('0123456789abcdef0123456789abcdef');
  Reopen;
  AssertEquals('usuário', FData.Account.User);
  AssertEquals('sênha', FData.Account.Password);
  AssertEquals('0123456789abcdef0123456789abcdef', FData.Account.Session);
end;

procedure TTesteDados.AnotherAccountEndsTheSession;
begin
  FData.SaveSession('0123456789abcdef0123456789abcdef');
  FData.SaveAccount('another', 'SENHA');
  AssertEquals('', FData.Account.Session);
end;

procedure TTesteDados.ForgetsThePassword;
begin
  FData.SaveAccount('USUARIO', 'SENHA');
  FData.ForgetPassword;
  AssertEquals('USUARIO', FData.Account.User);
  AssertEquals('', FData.Account.Password);
end;

procedure TTesteDados.ThePasswordIsNotInTheFile;
var
  Bytes: TStringStream;
begin
  FData.SaveAccount('USUARIO-VISIVEL', 'SENHA-SECRETA');
  FreeAndNil(FData);
  Bytes := TStringStream.Create('');
  try
    Bytes.LoadFromFile(FFolder + PathDelim + 'siem.db');
    AssertTrue('the user is', Pos('USUARIO-VISIVEL', Bytes.DataString) > 0);
    AssertEquals('the password is not', 0, Pos('SENHA-SECRETA', Bytes.DataString));
  finally
    Bytes.Free;
  end;
end;

procedure TTesteDados.ExpectFailure(const Text: string);
begin
  try
    Reopen;
    FData.SaveSession('x');
    Fail('no failure');
  except
    on E: ESiemDados do
      AssertTrue(E.Message, Pos(Text, E.Message) > 0);
  end;
end;

procedure TTesteDados.SaysThatItIsLocked;
var
  Other: TSQLite3Connection;
begin
  Other := OtherProgram;
  try
    ExpectFailure('em uso por outro programa');
  finally
    Other.Free;
  end;
end;

procedure TTesteDados.SaysThatItIsDamaged;
begin
  FreeAndNil(FData);
  with TFileStream.Create(FFolder + PathDelim + 'siem.db', fmCreate) do
  try
    WriteAnsiString(StringOfChar('x', 4096));
  finally
    Free;
  end;
  ExpectFailure('danificado');
end;

initialization
  RegisterTest(TTesteDados);
end.
