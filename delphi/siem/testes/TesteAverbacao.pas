unit TesteAverbacao;

// The endorsement, with the real library, at the simulator.

{$mode delphi}{$H+}

interface

uses
  TestRegistry, Averbador, TestePasta, SiemDados, SiemAverbacao, SiemSimulador;

type
  TTesteAverbacao = class(TTestePasta)
  private
    FSimulator: TSimulador;
    FLibrary: TAverbador; // keeps it loaded, and so its settings
    FEndorser: TEndorser;
    FDone: Boolean;
    FSummary: TSummary;
    procedure NoteDone(const Summary: TSummary);
    procedure StartSimulator(const Fault: string);
    procedure WaitUntilDone;
    procedure Endorse(const Numbers: array of string);
    procedure Recover;
  protected
    procedure SetUp; override;
    procedure TearDown; override;
  published
    procedure OnlyWhatIsAuthorisedAndNotEndorsed;
    procedure OneIsEndorsed;
    procedure ManyAreEndorsed;
    procedure TheSessionIsKept;
    procedure ABadPasswordIsForgotten;
    procedure AMissingFileFailsAlone;
    procedure WhatIsStoppedIsNoFailure;
    procedure WhatCannotBeWrittenIsFoundAgain;
    procedure ACrashLosesNothing;
    procedure WhatNeverArrivedCanBeSentAgain;
    procedure WithoutAnAnswerItStaysUnfinished;
  end;

implementation

uses
  SysUtils, Classes, SQLite3Conn;

procedure TTesteAverbacao.SetUp;
begin
  inherited;
  FLibrary := TAverbador.Create(nil);
  FData.SaveAccount('USUARIO', 'SENHA');
  StartSimulator('');
end;

procedure TTesteAverbacao.TearDown;
begin
  FreeAndNil(FEndorser);
  FreeAndNil(FLibrary);
  FreeAndNil(FSimulator);
  inherited;
end;

// Another one, if one runs already: it knows no document.
procedure TTesteAverbacao.StartSimulator(const Fault: string);
begin
  FreeAndNil(FEndorser);
  FreeAndNil(FSimulator);
  FSimulator := TSimulador.Create(Fault);
  AssertTrue(FLibrary.ConfigurarPeloArquivo(FSimulator.SettingsFile).Sucesso);
  FEndorser := TEndorser.Create(FData);
  FEndorser.OnDone := NoteDone;
end;

procedure TTesteAverbacao.NoteDone(const Summary: TSummary);
begin
  FSummary := Summary;
  FDone := True;
end;

procedure TTesteAverbacao.WaitUntilDone;
begin
  while not FDone do
    CheckSynchronize(100);
  FDone := False;
end;

procedure TTesteAverbacao.Endorse(const Numbers: array of string);
var
  CTes: TCTes;
  I: Integer;
begin
  SetLength(CTes, Length(Numbers));
  for I := 0 to High(Numbers) do
    CTes[I] := Find(Numbers[I]);
  FEndorser.Endorse(CTes);
  WaitUntilDone;
end;

procedure TTesteAverbacao.Recover;
begin
  AssertTrue('something is unfinished', FEndorser.Recover);
  WaitUntilDone;
end;

procedure TTesteAverbacao.OnlyWhatIsAuthorisedAndNotEndorsed;
begin
  AssertTrue(MayBeEndorsed(Find('4705')));
  AssertFalse('cancelled', MayBeEndorsed(Find('4709')));
  Endorse(['4705']);
  AssertFalse('endorsed', MayBeEndorsed(Find('4705')));
end;

procedure TTesteAverbacao.OneIsEndorsed;
begin
  Endorse(['4705']);
  AssertEquals(1, FSummary.Endorsed);
  AssertEquals(0, Length(FSummary.Problems));
  AssertTrue(Find('4705').Outcome.Situation = stEndorsed);
  AssertEquals(40, Length(Find('4705').Outcome.Protocol));
end;

procedure TTesteAverbacao.ManyAreEndorsed;
begin
  Endorse(['4705', '4706', '4707']);
  AssertEquals(3, FSummary.Endorsed);
  AssertTrue(Find('4707').Outcome.Situation = stEndorsed);
end;

procedure TTesteAverbacao.TheSessionIsKept;
begin
  Endorse(['4705']);
  AssertEquals(32, Length(FData.Account.Session));
end;

procedure TTesteAverbacao.ABadPasswordIsForgotten;
begin
  FData.SaveAccount('USUARIO', 'errada');
  Endorse(['4705']);
  AssertTrue(FSummary.BadPassword);
  AssertEquals(0, FSummary.Endorsed);
  AssertEquals('', FData.Account.Password);
  AssertTrue(Find('4705').Outcome.Situation <> stEndorsed);
end;

procedure TTesteAverbacao.AMissingFileFailsAlone;
begin
  DeleteFile(Find('4705').FileName);
  Endorse(['4705', '4706']);
  AssertEquals(1, FSummary.Endorsed);
  AssertEquals(1, Length(FSummary.Problems));
  AssertTrue(FSummary.Problems[0], Pos('CT-e 4705: ', FSummary.Problems[0]) = 1);
  AssertTrue(Find('4705').Outcome.Situation = stFailed);
end;

procedure TTesteAverbacao.WhatIsStoppedIsNoFailure;
begin
  StartSimulator('login:delay=1s');
  FEndorser.Endorse(TCTes.Create(Find('4705')));
  FEndorser.Stop;
  WaitUntilDone;
  AssertEquals(1, Length(FSummary.Problems));
  AssertTrue(Find('4705').Outcome.Situation = stNone);
end;

// The database is locked when the answer comes.
procedure TTesteAverbacao.WhatCannotBeWrittenIsFoundAgain;
var
  Other: TSQLite3Connection;
begin
  FEndorser.Endorse(TCTes.Create(Find('4705')));
  Other := OtherProgram;
  try
    WaitUntilDone;
  finally
    Other.Free;
  end;
  AssertEquals('it is told once', 1, Length(FSummary.Problems));
  AssertTrue(FSummary.Problems[0], Pos('em uso por outro programa', FSummary.Problems[0]) > 0);
  AssertTrue(Find('4705').Outcome.Situation = stUnfinished);
  Endorse(['4705']);
  AssertEquals(0, Length(FSummary.Problems));
  AssertTrue(Find('4705').Outcome.Situation = stEndorsed);
end;

// The insurer has the document, but the program ended before its number was written.
procedure TTesteAverbacao.ACrashLosesNothing;
var
  Protocol: string;
begin
  FData.Start(TCTes.Create(Find('4705')));
  FLibrary.Usuario := 'USUARIO';
  FLibrary.Senha := 'SENHA';
  Protocol := FLibrary.Averbar(Find('4705').FileName).Protocolo;
  Recover;
  AssertEquals(1, FSummary.Endorsed);
  AssertEquals(Protocol, Find('4705').Outcome.Protocol);
end;

procedure TTesteAverbacao.WhatNeverArrivedCanBeSentAgain;
begin
  FData.Start(TCTes.Create(Find('4705')));
  Recover;
  AssertEquals(0, FSummary.Endorsed);
  AssertTrue(Find('4705').Outcome.Situation = stNone);
  AssertFalse('nothing is left', FEndorser.Recover);
end;

procedure TTesteAverbacao.WithoutAnAnswerItStaysUnfinished;
begin
  StartSimulator('public-consulta*forever:status=503');
  FData.Start(TCTes.Create(Find('4705')));
  Recover;
  AssertTrue(Find('4705').Outcome.Situation = stUnfinished);
  AssertEquals(1, Length(FSummary.Problems));
end;

initialization
  RegisterTest(TTesteAverbacao);
end.
