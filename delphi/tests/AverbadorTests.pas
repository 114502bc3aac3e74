unit AverbadorTests;

// What TAverbador promises, tested with FPCUnit against the simulator. Of the folder that the program is given:
//
//   normal.json           settings that lead to a simulator
//   slow.json             settings that lead to one that takes its time for each upload
//   cte.xml, evento.xml   a CT-e, and the event that cancels it
//   lote.zip, texto.xml   three other CT-e; no document at all
//   many                  a folder of 1,000 CT-e, 1.xml to 1000.xml
//   old.dll, half.dll     libraries that are not to be used: of version 0; without most of the exports;
//   other.dll, broken.dll for another width; of any other content

{$IFNDEF UNICODE}
  {$MODE DELPHI}
{$ENDIF}

interface

uses
  SysUtils, Classes, fpcunit, testregistry, AverbadorApi, AverbadorJson, Averbador;

type
  TPortoTest = class(TTestCase)
  protected
    Porto: TAverbador;
    Stages: string; // those heard of so far, 'login+ login. upload+ ...'
    function Place(const Name: string): string;
    procedure Use(const Settings: string);
    procedure NoteStage(Sender: TObject; const Progresso: TAvProgresso);
    procedure SetUp; override;
    procedure TearDown; override;
  end;

  TMethodTests = class(TPortoTest)
  published
    procedure LoginGivesASession;
    procedure AWrongPasswordIsAResultAndNoException;
    procedure AFileIsSent;
    procedure WithoutASessionNothingIsSent;
    procedure ADocumentIsEndorsedInOneCall;
    procedure WhatCannotBeEndorsedIsToldWithItsFile;
    procedure ADocumentIsLookedUp;
    procedure AThousandDocumentsAreLookedUp;
    procedure ACancellationIsHandedOverAndListed;
    procedure AListingIsFiltered;
    procedure SettingsAreTakenOrRefused;
    procedure AccentsGoBothWays;
  end;

  TStageTests = class(TPortoTest)
  private
    Nested: TAvAverbacao;
    procedure StopAtUpload(Sender: TObject; const Progresso: TAvProgresso);
    procedure RaiseAtUpload(Sender: TObject; const Progresso: TAvProgresso);
    procedure CallAgain(Sender: TObject; const Progresso: TAvProgresso);
    procedure EndorseRaising;
  published
    procedure StagesAreToldInOrder;
    procedure AHandlerStopsTheCall;
    procedure WhatAHandlerRaisesComesOutOfTheMethod;
    procedure AHandlerMayCallAgain;
    procedure UnknownStagesAndStatesAreTaken;
  end;

  TBackgroundTests = class(TPortoTest)
  private
    Form: TComponent;
    Lot: TAvLote;
    Ends: Integer;
    Endorsed: Integer; // how many of the ends were good ones
    Shown: string; // what ApplicationHandleException showed
    OffMainThread: Boolean;
    Refused: Boolean;
    procedure NoteOnMain(Sender: TObject; const Progresso: TAvProgresso);
    procedure NoteEnd(Sender: TObject; const Lote: TAvLote);
    procedure StopAtOnce(Sender: TObject; const Progresso: TAvProgresso);
    procedure RaiseAtOnce(Sender: TObject; const Progresso: TAvProgresso);
    procedure FreeAtOnce(Sender: TObject; const Progresso: TAvProgresso);
    procedure FreeAtEnd(Sender: TObject; const Lote: TAvLote);
    procedure RaiseAtEnd(Sender: TObject; const Lote: TAvLote);
    procedure StartAgain(Sender: TObject; const Lote: TAvLote);
    procedure Show(Sender: TObject);
    procedure Start;
    procedure StartAnywhere;
    procedure WaitForEnds(Count: Integer);
    procedure WaitForStages;
    procedure LetPass;
  protected
    procedure SetUp; override;
    procedure TearDown; override;
  published
    procedure EventsComeOnTheMainThread;
    procedure ALotComesWithAllItsDocuments;
    procedure AHandlerStopsIt;
    procedure ItIsStoppedFromOutside;
    procedure WhatAHandlerRaisesIsShownAndStopsIt;
    procedure WhatTheLastHandlerRaisesIsShown;
    procedure OneAtATimePerObject;
    procedure TheEndMayStartAnother;
    procedure TwoObjectsWorkAtOnce;
    procedure OnlyTheMainThreadStartsIt;
    procedure TheFormClosesMeanwhile;
    procedure TheFormClosesInAStage;
    procedure TheFormClosesAtTheEnd;
    procedure TheProgramEndsMeanwhile; // the last one, and so it does
  end;

  TLibraryTests = class(TPortoTest)
  private
    function Failure(const Name: string; Kind: ExceptClass): string;
    procedure CheckSays(const Name, Text: string);
  published
    procedure AMissingLibraryIsToldWithItsPath;
    procedure AnOlderLibraryIsRefused;
    procedure ALibraryWithoutAnExportIsRefused;
    procedure ALibraryForAnotherWidthIsRefused;
    procedure WhatIsNoLibraryIsRefused;
    procedure ItIsSharedAndLeftWithTheLast;
    procedure WhoLoadedItKeepsIt;
  end;

  TReplyTests = class(TPortoTest)
  published
    procedure ALotIsRead;
    procedure AFailureBeforeAnyDocumentIsRead;
    procedure TenThousandDocumentsAreRead;
    procedure ListsAreCutAtTheirCommasOnly;
    procedure ADiagnosisIsRead;
    procedure RequestsAreEscaped;
  end;

  TManyTests = class(TPortoTest)
  private
    Lot: TAvLote;
    procedure TakeLot(Sender: TObject; const Lote: TAvLote);
    procedure CheckLot(Count: Integer);
  published
    procedure AThousandDocumentsAreEndorsed;
    procedure AZipIsEndorsedInTheBackground;
  end;

  TDiagnosisTests = class(TPortoTest)
  published
    procedure TheWayToTheServiceIsDiagnosed;
  end;

implementation

const
  User = 'USUARIO';
  Password = 'SENHA';
  Key = '41260599990001000198570010000047111283746517'; // of cte.xml
  Patience = 10000; // turns, of up to 10 ms, until what must come is given up
  OtherKey = '35220528779662000120579990000004671178902280'; // of no document

// The text that a JSON text stands for: accents in any code page, from a source that has none.
function Spelled(const Json: UTF8String): string;
begin
  Result := JsonText(Json, '');
end;

function TPortoTest.Place(const Name: string): string;
begin
  Result := IncludeTrailingPathDelimiter(ParamStr(1)) + Name;
end;

procedure TPortoTest.Use(const Settings: string);
var
  Configuracao: TAvConfiguracao;
begin
  Configuracao := Porto.ConfigurarPeloArquivo(Place(Settings));
  AssertTrue(Configuracao.Mensagem, Configuracao.Sucesso);
end;

procedure TPortoTest.NoteStage(Sender: TObject; const Progresso: TAvProgresso);
const
  Marks: array[TAvEstado] of string = ('+', '.', '!', '*', '?');
begin
  Stages := Stages + Progresso.NomeDaEtapa + Marks[Progresso.Estado] + ' ';
end;

procedure TPortoTest.SetUp;
begin
  Porto := TAverbador.Create(nil);
  Porto.Usuario := User;
  Porto.Senha := Password;
  Porto.OnEtapa := NoteStage;
  Stages := '';
  Use('normal.json');
end;

procedure TPortoTest.TearDown;
begin
  FreeAndNil(Porto);
end;

// The methods

procedure TMethodTests.LoginGivesASession;
var
  Login: TAvLogin;
begin
  Login := Porto.Login;
  AssertTrue(Login.Mensagem, Login.Sucesso);
  AssertEquals(32, Length(Login.Cookie));
  AssertEquals(Login.Cookie, Porto.Cookie);
  AssertEquals(0, Length(Login.Erros));
end;

procedure TMethodTests.AWrongPasswordIsAResultAndNoException;
var
  Login: TAvLogin;
begin
  Porto.Senha := 'errada';
  Login := Porto.Login;
  AssertFalse(Login.Sucesso);
  AssertEquals(1, Length(Login.Erros));
  AssertEquals(AV_ERR_BAD_CREDENTIALS, Login.Erros[0].Codigo);
  AssertFalse(Login.Erros[0].Repetir);
  AssertFalse(Login.Erros[0].Incerto);
  AssertEquals(Login.Erros[0].Mensagem, Login.Mensagem);
  AssertEquals(1, Pos(Spelled('"Usu\u00e1rio ou senha inv\u00e1lidos."'), Login.Mensagem));
  AssertEquals('', Porto.Cookie);
end;

procedure TMethodTests.AFileIsSent;
var
  Envio: TAvEnvio;
begin
  Porto.Login;
  Envio := Porto.EnviarArquivo(Place('cte.xml'));
  AssertTrue(Envio.Mensagem, Envio.Sucesso);
  AssertEquals(1, Envio.Processados + Envio.Duplicados);
  AssertEquals(0, Envio.Rejeitados + Envio.Negados);
  AssertEquals(0, Length(Envio.Erros));
  Envio := Porto.EnviarArquivo(Place('lote.zip'));
  AssertTrue(Envio.Mensagem, Envio.Sucesso);
  AssertEquals(3, Envio.Processados + Envio.Duplicados);
  if Length(Envio.Protocolos) > 0 then
    AssertEquals(Envio.Protocolos[0], Envio.Protocolo);
end;

procedure TMethodTests.WithoutASessionNothingIsSent;
begin
  AssertEquals(AV_ERR_MISSING_FIELD, Porto.EnviarArquivo(Place('cte.xml')).Erros[0].Codigo);
end;

procedure TMethodTests.ADocumentIsEndorsedInOneCall;
var
  Averbacao: TAvAverbacao;
begin
  Averbacao := Porto.Averbar(Place('cte.xml'));
  AssertTrue(Averbacao.Mensagem, Averbacao.Sucesso);
  AssertEquals(Key, Averbacao.Chave);
  AssertEquals('99990001000198', Averbacao.Cnpj);
  AssertEquals('4711', Averbacao.Numero);
  AssertEquals(Place('cte.xml'), Averbacao.Arquivo);
  AssertEquals(40, Length(Averbacao.Protocolo));
  AssertTrue(Averbacao.Situacao = avAverbado);
  AssertEquals('', Averbacao.Etapa + Averbacao.Mensagem);
  AssertEquals('the session, to be stored', 32, Length(Porto.Cookie));
end;

procedure TMethodTests.WhatCannotBeEndorsedIsToldWithItsFile;
var
  Averbacao: TAvAverbacao;
begin
  Averbacao := Porto.Averbar(Place('texto.xml'));
  AssertFalse(Averbacao.Sucesso);
  AssertEquals(AV_ERR_NOT_ENDORSABLE, Averbacao.Erros[0].Codigo);
  AssertTrue(Averbacao.Situacao = avFalha);
  AssertEquals(Place('texto.xml'), Averbacao.Arquivo);
  Averbacao := Porto.Averbar(Place('nada.xml'));
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Averbacao.Erros[0].Codigo);
end;

procedure TMethodTests.ADocumentIsLookedUp;
var
  Averbacao: TAvAverbacao;
  Protocolo: string;
begin
  Protocolo := Porto.Averbar(Place('cte.xml')).Protocolo;
  Averbacao := Porto.Consultar(Key);
  AssertTrue(Averbacao.Mensagem, Averbacao.Sucesso);
  AssertEquals(Protocolo, Averbacao.Protocolo);
  Porto.Cookie := '';
  AssertEquals('without a session', Protocolo, Porto.Consultar(Key).Protocolo);
  Averbacao := Porto.Consultar(OtherKey);
  AssertFalse(Averbacao.Sucesso);
  AssertEquals(AV_ERR_NOT_ENDORSED, Averbacao.Erros[0].Codigo);
  AssertEquals(AV_ERR_BAD_ACCESS_KEY, Porto.Consultar('123').Erros[0].Codigo);
end;

procedure TMethodTests.AThousandDocumentsAreLookedUp;
var
  Keys: TStringList;
  Lote: TAvLote;
  I: Integer;
begin
  Keys := TStringList.Create;
  try
    Porto.Averbar(Place('cte.xml'));
    for I := 1 to 999 do
      Keys.Add(Copy(OtherKey, 1, 25) + Format('%.9d', [I]) + Copy(OtherKey, 35, 10));
    Keys.Insert(500, Key);
    Lote := Porto.Consultar(Keys);
    AssertEquals(1000, Length(Lote.Documentos));
    for I := 0 to Keys.Count - 1 do
      AssertEquals(string(Keys[I]), Lote.Documentos[I].Chave);
  finally
    Keys.Free;
  end;
  AssertFalse(Lote.Sucesso);
  AssertTrue(Lote.Documentos[500].Sucesso);
  AssertEquals(1, Lote.Averbados);
  AssertEquals(999, Lote.Falhas);
  AssertEquals('of the first that failed', Lote.Documentos[0].Mensagem, Lote.Mensagem);
end;

procedure TMethodTests.ACancellationIsHandedOverAndListed;
var
  Cancelamento: TAvCancelamento;
  Lista: TAvLista;
begin
  Porto.Averbar(Place('cte.xml'));
  Cancelamento := Porto.Cancelar(Place('evento.xml'));
  AssertTrue(Cancelamento.Mensagem, Cancelamento.Sucesso);
  AssertEquals(Key, Cancelamento.Chave);
  AssertEquals(AV_ERR_NOT_ENDORSABLE, Porto.Cancelar(Place('cte.xml')).Erros[0].Codigo);
  Lista := Porto.Listar(AvFiltro);
  AssertTrue(Lista.Mensagem, Lista.Sucesso);
  AssertTrue('the document and no less', (Lista.Total >= 1) and (Length(Lista.Documentos) = Lista.Total));
end;

procedure TMethodTests.AListingIsFiltered;
var
  Filtro: TAvFiltro;
  Lista: TAvLista;
begin
  Porto.Averbar(Place('cte.xml'));
  Filtro := AvFiltro;
  Filtro.Modelo := '57';
  Filtro.Numero := '4711';
  Filtro.Cnpj := '99990001000198';
  Filtro.Inicio := EncodeDate(2026, 5, 1);
  Filtro.Fim := EncodeDate(2026, 5, 31);
  Filtro.Limite := 10;
  Lista := Porto.Listar(Filtro);
  AssertTrue(Lista.Mensagem, Lista.Sucesso);
  AssertEquals(1, Lista.Total);
  AssertEquals(Key, Lista.Documentos[0].Chave);
  AssertEquals('1', Lista.Documentos[0].Serie);
  AssertEquals('2026-05-12', Lista.Documentos[0].Emissao);
  AssertEquals('1850.00', Lista.Documentos[0].Valor);
  AssertTrue(Lista.Documentos[0].Averbado);
  Filtro.Fim := EncodeDate(2026, 5, 11);
  AssertEquals(0, Porto.Listar(Filtro).Total);
  Filtro.Limite := -1;
  AssertEquals(AV_ERR_BAD_FIELD, Porto.Listar(Filtro).Erros[0].Codigo);
end;

procedure TMethodTests.SettingsAreTakenOrRefused;
var
  Configuracao: TAvConfiguracao;
begin
  AssertTrue(Porto.Configurar('{"timeout_s":30}').Sucesso);
  Configuracao := Porto.Configurar('{"timeout":30}');
  AssertFalse(Configuracao.Sucesso);
  AssertEquals(AV_ERR_BAD_SETTING, Configuracao.Erros[0].Codigo);
  AssertTrue(Pos('timeout', Configuracao.Mensagem) > 0);
  Configuracao := Porto.ConfigurarPeloArquivo(Place('nada.json'));
  AssertFalse(Configuracao.Sucesso);
  AssertTrue(Pos('nada.json', Configuracao.Mensagem) > 0);
  AssertEquals('1.', Copy(Porto.Versao, 1, 2));
end;

procedure TMethodTests.AccentsGoBothWays;
var
  Copied: string;
  Content: TMemoryStream;
  Averbacao: TAvAverbacao;
begin
  Copied := Place(Spelled('"CT-e S\u00e3o Jo\u00e3o (\u00e7\u00e3o).xml"'));
  Content := TMemoryStream.Create;
  try
    Content.LoadFromFile(Place('cte.xml'));
    Content.SaveToFile(Copied);
  finally
    Content.Free;
  end;
  Averbacao := Porto.Averbar(Copied);
  AssertTrue(Averbacao.Mensagem, Averbacao.Sucesso);
  Averbacao := Porto.Averbar(Place(Spelled('"n\u00e3o existe.xml"')));
  AssertEquals(Spelled('"O arquivo n\u00e3o foi encontrado."'), Copy(Averbacao.Mensagem, 1, Length(
    Spelled('"O arquivo n\u00e3o foi encontrado."'))));
end;

// The stages

procedure TStageTests.StopAtUpload(Sender: TObject; const Progresso: TAvProgresso);
begin
  NoteStage(Sender, Progresso);
  if (Progresso.Etapa = avEtapaUpload) and (Progresso.Estado = avInicio) then
    Porto.Interromper;
end;

procedure TStageTests.RaiseAtUpload(Sender: TObject; const Progresso: TAvProgresso);
begin
  NoteStage(Sender, Progresso);
  if Progresso.Etapa = avEtapaUpload then
    raise EConvertError.Create('on purpose');
end;

procedure TStageTests.CallAgain(Sender: TObject; const Progresso: TAvProgresso);
begin
  NoteStage(Sender, Progresso);
  Porto.OnEtapa := NoteStage;
  Nested := Porto.Consultar(Key);
end;

procedure TStageTests.EndorseRaising;
begin
  Porto.Averbar(Place('cte.xml'));
end;

procedure TStageTests.StagesAreToldInOrder;
begin
  Porto.Averbar(Place('cte.xml'));
  AssertEquals('login+ login. upload+ upload. consulta+ consulta. fim. ', Stages);
end;

procedure TStageTests.AHandlerStopsTheCall;
var
  Averbacao: TAvAverbacao;
begin
  Porto.OnEtapa := StopAtUpload;
  Averbacao := Porto.Averbar(Place('cte.xml'));
  AssertEquals(AV_ERR_CANCELLED, Averbacao.Erros[0].Codigo);
  AssertEquals('upload', Averbacao.Etapa);
  AssertEquals('the stages to the end', 'login+ login. upload+ fim! ', Stages);
  Porto.OnEtapa := NoteStage;
  AssertTrue('the next call is not concerned', Porto.Averbar(Place('cte.xml')).Sucesso);
end;

procedure TStageTests.WhatAHandlerRaisesComesOutOfTheMethod;
begin
  Porto.OnEtapa := RaiseAtUpload;
  AssertException(EConvertError, EndorseRaising, 'on purpose');
  AssertEquals('nothing after it', 'login+ login. upload+ ', Stages);
  Porto.OnEtapa := NoteStage;
  AssertTrue('the next call is not concerned', Porto.Averbar(Place('cte.xml')).Sucesso);
end;

procedure TStageTests.AHandlerMayCallAgain;
begin
  Porto.Averbar(Place('cte.xml'));
  Porto.OnEtapa := CallAgain;
  AssertTrue(Porto.Averbar(Place('cte.xml')).Sucesso);
  AssertTrue(Nested.Mensagem, Nested.Sucesso);
end;

procedure TStageTests.UnknownStagesAndStatesAreTaken;
var
  Progresso: TAvProgresso;
begin
  Progresso := AvLerProgresso('{"etapa":"decolagem","estado":"voando","n":3,"total":7,"msg":"\u00c0s vezes","x":1}');
  AssertTrue((Progresso.Etapa = avEtapaOutra) and (Progresso.Estado = avOutro));
  AssertEquals('decolagem', Progresso.NomeDaEtapa);
  AssertEquals(Spelled('"\u00c0s vezes"'), Progresso.Mensagem);
  AssertEquals(10, Progresso.Feitos + Progresso.Total);
  AssertEquals('', Progresso.Arquivo + Progresso.Chave);
  Progresso := AvLerProgresso('{"etapa":"diagnostico","estado":"repetindo"}');
  AssertTrue((Progresso.Etapa = avEtapaDiagnostico) and (Progresso.Estado = avRepetindo));
end;

// In the background

procedure TBackgroundTests.SetUp;
begin
  inherited SetUp;
  Form := TComponent.Create(nil);
  Form.InsertComponent(Porto);
  Porto.OnEtapa := NoteOnMain;
  Porto.OnFim := NoteEnd;
  ApplicationHandleException := Show;
  Ends := 0;
  Endorsed := 0;
  Shown := '';
  OffMainThread := False;
  Refused := False;
  Use('slow.json');
end;

procedure TBackgroundTests.TearDown;
begin
  ApplicationHandleException := nil;
  FreeAndNil(Form);
end;

procedure TBackgroundTests.NoteOnMain(Sender: TObject; const Progresso: TAvProgresso);
begin
  NoteStage(Sender, Progresso);
  OffMainThread := OffMainThread or (GetCurrentThreadId <> MainThreadID);
end;

procedure TBackgroundTests.NoteEnd(Sender: TObject; const Lote: TAvLote);
begin
  Inc(Ends);
  Inc(Endorsed, Ord(Lote.Sucesso));
  Lot := Lote;
  OffMainThread := OffMainThread or (GetCurrentThreadId <> MainThreadID);
end;

procedure TBackgroundTests.StopAtOnce(Sender: TObject; const Progresso: TAvProgresso);
begin
  NoteOnMain(Sender, Progresso);
  (Sender as TAverbador).Interromper;
end;

procedure TBackgroundTests.RaiseAtOnce(Sender: TObject; const Progresso: TAvProgresso);
begin
  NoteOnMain(Sender, Progresso);
  Porto.OnEtapa := NoteOnMain;
  raise EConvertError.Create('on purpose');
end;

procedure TBackgroundTests.FreeAtOnce(Sender: TObject; const Progresso: TAvProgresso);
begin
  NoteOnMain(Sender, Progresso);
  FreeAndNil(Form);
end;

procedure TBackgroundTests.FreeAtEnd(Sender: TObject; const Lote: TAvLote);
begin
  NoteEnd(Sender, Lote);
  FreeAndNil(Form);
end;

procedure TBackgroundTests.RaiseAtEnd(Sender: TObject; const Lote: TAvLote);
begin
  NoteEnd(Sender, Lote);
  raise EConvertError.Create('at the end');
end;

procedure TBackgroundTests.StartAgain(Sender: TObject; const Lote: TAvLote);
begin
  NoteEnd(Sender, Lote);
  AssertFalse(Porto.EmAndamento);
  if Ends < 3 then
    Start;
end;

procedure TBackgroundTests.Show(Sender: TObject);
begin
  Shown := Shown + string((ExceptObject as Exception).Message);
end;

procedure TBackgroundTests.Start;
begin
  Porto.AverbarEmSegundoPlano(Place('cte.xml'));
end;

procedure TBackgroundTests.StartAnywhere;
begin
  try
    Start;
  except
    on EAverbadorUso do
      Refused := True;
  end;
  Inc(Ends);
end;

// A program without a message loop looks itself after what its threads want to be done on the main thread.
procedure TBackgroundTests.WaitForEnds(Count: Integer);
var
  I: Integer;
begin
  I := 0;
  while (Ends < Count) and (I < Patience) do
  begin
    CheckSynchronize(10);
    Inc(I);
  end;
  AssertTrue('an end', Ends >= Count);
end;

procedure TBackgroundTests.WaitForStages;
var
  I: Integer;
begin
  I := 0;
  while (Stages = '') and (I < Patience) do
  begin
    CheckSynchronize(10);
    Inc(I);
  end;
  AssertTrue('a stage', Stages <> '');
end;

// Lets anything come that should not.
procedure TBackgroundTests.LetPass;
var
  I: Integer;
begin
  for I := 1 to 50 do
    CheckSynchronize(10);
end;

procedure TBackgroundTests.EventsComeOnTheMainThread;
begin
  Start;
  AssertTrue(Porto.EmAndamento);
  AssertEquals('nothing before the main thread is free', '', Stages);
  WaitForEnds(1);
  AssertFalse(OffMainThread);
  AssertFalse(Porto.EmAndamento);
  AssertEquals('login+ login. upload+ upload. consulta+ consulta. fim. ', Stages);
  AssertTrue(Lot.Mensagem, Lot.Sucesso);
  AssertEquals(32, Length(Porto.Cookie));
end;

procedure TBackgroundTests.ALotComesWithAllItsDocuments;
begin
  Start;
  WaitForEnds(1);
  AssertEquals(1, Length(Lot.Documentos));
  AssertEquals(1, Lot.Averbados);
  AssertEquals(Key, Lot.Documentos[0].Chave);
  AssertEquals(Place('cte.xml'), Lot.Documentos[0].Arquivo);
  AssertEquals(40, Length(Lot.Documentos[0].Protocolo));
  AssertEquals(0, Length(Lot.Erros));
  Porto.AverbarEmSegundoPlano(Place('nada.xml'));
  WaitForEnds(2);
  AssertEquals(Place('nada.xml'), Lot.Documentos[0].Arquivo);
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Lot.Documentos[0].Erros[0].Codigo);
  AssertEquals(1, Lot.Falhas);
end;

procedure TBackgroundTests.AHandlerStopsIt;
begin
  Porto.OnEtapa := StopAtOnce;
  Start;
  WaitForEnds(1);
  AssertFalse(Lot.Sucesso);
  AssertEquals(AV_ERR_CANCELLED, Lot.Documentos[0].Erros[0].Codigo);
  AssertEquals(Lot.Documentos[0].Mensagem, Lot.Mensagem);
  AssertEquals('login+ fim! ', Stages);
end;

procedure TBackgroundTests.ItIsStoppedFromOutside;
begin
  Start;
  Porto.Interromper;
  WaitForEnds(1);
  AssertEquals(AV_ERR_CANCELLED, Lot.Documentos[0].Erros[0].Codigo);
end;

procedure TBackgroundTests.WhatAHandlerRaisesIsShownAndStopsIt;
begin
  Porto.OnEtapa := RaiseAtOnce;
  Start;
  WaitForEnds(1);
  AssertEquals('on purpose', Shown);
  AssertEquals(AV_ERR_CANCELLED, Lot.Documentos[0].Erros[0].Codigo);
end;

procedure TBackgroundTests.WhatTheLastHandlerRaisesIsShown;
begin
  Porto.OnFim := RaiseAtEnd;
  Start;
  WaitForEnds(1);
  AssertEquals('at the end', Shown);
  AssertFalse(Porto.EmAndamento);
end;

procedure TBackgroundTests.OneAtATimePerObject;
begin
  Start;
  AssertException(EAverbadorUso, Start);
  AssertTrue('other methods are free', Porto.Consultar(OtherKey).Erros[0].Codigo = AV_ERR_NOT_ENDORSED);
  WaitForEnds(1);
  AssertTrue(Lot.Sucesso);
end;

procedure TBackgroundTests.TheEndMayStartAnother;
begin
  Porto.OnFim := StartAgain;
  Start;
  WaitForEnds(3);
  AssertEquals('', Shown);
  AssertTrue(Lot.Sucesso);
end;

procedure TBackgroundTests.TwoObjectsWorkAtOnce;
var
  Other: TAverbador;
begin
  Other := TAverbador.Create(Form);
  Other.Usuario := User;
  Other.Senha := 'errada';
  Other.OnFim := NoteEnd;
  Other.AverbarEmSegundoPlano(Place('cte.xml'));
  Start;
  WaitForEnds(2);
  AssertEquals('the one with the right password', 1, Endorsed);
end;

procedure TBackgroundTests.OnlyTheMainThreadStartsIt;
begin
  TThread.ExecuteInThread(StartAnywhere);
  WaitForEnds(1);
  AssertTrue(Refused);
end;

procedure TBackgroundTests.TheFormClosesMeanwhile;
var
  Before: string;
begin
  Start;
  WaitForStages;
  Before := Stages;
  FreeAndNil(Form);
  LetPass;
  AssertEquals(Before, Stages);
  AssertEquals(0, Ends);
end;

procedure TBackgroundTests.TheFormClosesInAStage;
begin
  Porto.OnEtapa := FreeAtOnce;
  Start;
  WaitForStages;
  LetPass;
  AssertEquals('login+ ', Stages);
  AssertEquals(0, Ends);
end;

procedure TBackgroundTests.TheFormClosesAtTheEnd;
begin
  Porto.OnFim := FreeAtEnd;
  Start;
  WaitForEnds(1);
  LetPass;
  AssertEquals(1, Ends);
  AssertTrue(Lot.Sucesso);
end;

procedure TBackgroundTests.TheProgramEndsMeanwhile;
begin
  Start;
  WaitForStages;
  FreeAndNil(Form);
end;

// The library

// What is said when the library Name is to be loaded.
function TLibraryTests.Failure(const Name: string; Kind: ExceptClass): string;
begin
  FreeAndNil(Porto); // the right one is unloaded
  Porto := TAverbador.Create(nil);
  Porto.Biblioteca := Place(Name);
  Result := '';
  try
    Porto.Login;
  except
    on E: Exception do
    begin
      Result := string(E.Message);
      AssertEquals(Result, Kind, E.ClassType);
    end;
  end;
  AssertTrue(Result, Pos(Place(Name), Result) > 0);
  AssertFalse(AvLoaded);
end;

procedure TLibraryTests.CheckSays(const Name, Text: string);
var
  Said: string;
begin
  Said := Failure(Name, EAverbadorUnfit);
  AssertTrue(Said, Pos(Text, Said) > 0);
end;

procedure TLibraryTests.AMissingLibraryIsToldWithItsPath;
begin
  Failure('nada.dll', EAverbadorNotFound);
end;

procedure TLibraryTests.AnOlderLibraryIsRefused;
begin
  CheckSays('old.dll', 'diz ser a 0.9.0; este programa precisa da 1.x');
end;

procedure TLibraryTests.ALibraryWithoutAnExportIsRefused;
begin
  CheckSays('half.dll', 'av_execute');
end;

procedure TLibraryTests.ALibraryForAnotherWidthIsRefused;
begin
  {$IFDEF MSWINDOWS}
  CheckSays('other.dll', 'este programa tem ' + {$IFDEF WIN64} '64' {$ELSE} '32' {$ENDIF} + ' bits');
  {$ELSE}
  CheckSays('other.dll', 'Falha ao carregar');
  {$ENDIF}
end;

procedure TLibraryTests.WhatIsNoLibraryIsRefused;
begin
  CheckSays('broken.dll', 'Falha ao carregar');
end;

procedure TLibraryTests.ItIsSharedAndLeftWithTheLast;
var
  Other: TAverbador;
begin
  Other := TAverbador.Create(nil);
  try
    AssertEquals(Porto.Versao, Other.Versao);
    FreeAndNil(Porto);
    AssertEquals('1.', Copy(Other.Versao, 1, 2));
  finally
    Other.Free;
  end;
  AssertFalse(AvLoaded);
end;

procedure TLibraryTests.WhoLoadedItKeepsIt;
begin
  FreeAndNil(Porto);
  AvLoad;
  try
    Porto := TAverbador.Create(nil);
    AssertEquals('1.', Copy(Porto.Versao, 1, 2));
    FreeAndNil(Porto);
    AssertTrue(AvLoaded);
  finally
    AvUnload;
  end;
end;

// Replies as they are read

procedure TReplyTests.ALotIsRead;
var
  Lote: TAvLote;
begin
  Lote := AvLerLote('{"mod":"averbaRet","status":0,"S":[' +
    '{"chave":"A","numero":"1","protoclo":"P","protocolo":"P","status":1,"arquivo":"a.xml","situacao":"averbado",' +
    '"avisos":["Aten\u00e7\u00e3o","2"]},' +
    '{"chave":"B","status":1,"protocolo":"Q","arquivo":"l.zip!b.xml","situacao":"ja_averbado"},' +
    '{"chave":"C","status":0,"situacao":"falha","etapa":"upload","error":[{"code":3005,"msg":"Caiu.",' +
    '"detalhe":"eof","incerto":true},{"code":3004,"msg":"Demorou.","repetir":true}]},' +
    '{"chave":"D","status":0,"situacao":"nao_tentado"}],"resumo":{"total":4},"ignorados":["x.txt","y.pdf"]}');
  AssertFalse(Lote.Sucesso);
  AssertEquals('Caiu.', Lote.Mensagem);
  AssertEquals(4, Length(Lote.Documentos));
  AssertTrue((Lote.Averbados = 1) and (Lote.JaAverbados = 1) and (Lote.Falhas = 1) and (Lote.NaoTentados = 1));
  AssertEquals(Spelled('"Aten\u00e7\u00e3o"'), Lote.Documentos[0].Avisos[0]);
  AssertEquals('l.zip!b.xml', Lote.Documentos[1].Arquivo);
  AssertEquals('Q', Lote.Documentos[1].Protocolo);
  AssertEquals('upload', Lote.Documentos[2].Etapa);
  AssertEquals('eof', Lote.Documentos[2].Erros[0].Detalhe);
  AssertTrue(Lote.Documentos[2].Erros[0].Incerto and not Lote.Documentos[2].Erros[0].Repetir);
  AssertTrue(Lote.Documentos[2].Erros[1].Repetir and not Lote.Documentos[2].Erros[1].Incerto);
  AssertTrue(Lote.Documentos[3].Situacao = avNaoTentado);
  AssertEquals('y.pdf', Lote.Ignorados[1]);
end;

procedure TReplyTests.AFailureBeforeAnyDocumentIsRead;
var
  Lote: TAvLote;
begin
  Lote := AvLerLote('{"mod":"averbaRet","cnpj":"","chave":"","status":0,"etapa":"login","error":[{"code":5001,"msg":"N"}]}');
  AssertFalse(Lote.Sucesso);
  AssertEquals(0, Length(Lote.Documentos));
  AssertEquals(5001, Lote.Erros[0].Codigo);
  AssertEquals('login', Lote.Etapa);
  AssertEquals('N', Lote.Mensagem);
  AssertEquals('nonsense', 0, Length(AvLerLote('{').Documentos) + Length(AvLerLote('').Erros));
end;

procedure TReplyTests.TenThousandDocumentsAreRead;
const
  Count = 10000;
var
  Documents: TStringList;
  Lote: TAvLote;
  I: Integer;
begin
  Documents := TStringList.Create;
  try
    for I := 1 to Count do
      Documents.Add('{"cnpj":"99990001000198","numero":"' + IntToStr(I) + '","chave":"' + OtherKey +
        '","protoclo":"","protocolo":"","status":0,"error":[{"code":5006,"msg":"N\u00e3o"}],"arquivo":"C:\\cte\\[' +
        IntToStr(I) + ', \"x\"}.xml","situacao":"falha"},');
    Lote := AvLerLote('{"mod":"averbaRet","status":0,"S":[' +
      Copy(string(Documents.Text), 1, LastDelimiter(',', Documents.Text) - 1) + ']}');
  finally
    Documents.Free;
  end;
  AssertEquals(Count, Length(Lote.Documentos));
  AssertEquals(Count, Lote.Falhas);
  for I := 1 to Count do
    AssertEquals('C:\cte\[' + IntToStr(I) + ', "x"}.xml', Lote.Documentos[I - 1].Arquivo);
end;

procedure TReplyTests.ListsAreCutAtTheirCommasOnly;
var
  Items: TJsonItems;
begin
  Items := JsonItems('{"a":[ 1 , "x,]\"\\", {"b":[2,3],"c":"}"},[],null ]}', '/a');
  AssertEquals(5, Length(Items));
  AssertEquals('1', JsonText(Items[0], ''));
  AssertEquals('x,]"\', JsonText(Items[1], ''));
  AssertEquals('3', JsonText(Items[2], '/b/1'));
  AssertEquals('[]', JsonText(Items[3], ''));
  AssertEquals('', JsonText(Items[4], ''));
  AssertEquals('no list', 0, Length(JsonItems('{"a":[ ]}', '/a')) + Length(JsonItems('{"a":[]}', '/b')));
end;

procedure TReplyTests.ADiagnosisIsRead;
var
  Diagnostico: TAvDiagnostico;
begin
  Diagnostico := AvLerDiagnostico('{"mod":"diagnosticoRet","status":0,"versao":"1.0.0","passos":[' +
    '{"passo":"dns","status":1,"ms":12,"msg":"Encontrado."},' +
    '{"passo":"tls","status":0,"ms":340,"msg":"Sem conex\u00e3o segura.","error":[{"code":3003,"msg":"Confira."}]}]}');
  AssertFalse(Diagnostico.Sucesso);
  AssertEquals('1.0.0', Diagnostico.Versao);
  AssertEquals('Confira.', Diagnostico.Mensagem);
  AssertEquals(2, Length(Diagnostico.Passos));
  AssertEquals('dns', Diagnostico.Passos[0].Nome);
  AssertTrue(Diagnostico.Passos[0].Sucesso);
  AssertEquals(340, Diagnostico.Passos[1].Milissegundos);
  AssertEquals(Spelled('"Sem conex\u00e3o segura."'), Diagnostico.Passos[1].Mensagem);
  AssertEquals(3003, Diagnostico.Passos[1].Erros[0].Codigo);
end;

procedure TReplyTests.RequestsAreEscaped;
var
  Request: UTF8String;
  Texts: TStringList;
begin
  Texts := TStringList.Create;
  try
    Texts.Add('a,b');
    Texts.Add('');
    Request := JsonRequest('X', [JsonField('a', 'C:\"' + #9 + Spelled('"\u00e7"')), JsonField('b', ''),
      JsonNumberField('n', 7), JsonNumberField('m', 0), JsonFlagField('t', True), JsonFlagField('f', False),
      JsonListField('l', Texts)]);
  finally
    Texts.Free;
  end;
  AssertEquals('X', JsonText(Request, '/mod'));
  AssertEquals('C:\"' + #9 + Spelled('"\u00e7"'), JsonText(Request, '/a'));
  AssertEquals('7true["a,b",""]', JsonText(Request, '/n') + JsonText(Request, '/t') + JsonText(Request, '/l'));
  AssertEquals('left out', '', JsonText(Request, '/b') + JsonText(Request, '/m') + JsonText(Request, '/f'));
end;

// Many

procedure TManyTests.TakeLot(Sender: TObject; const Lote: TAvLote);
begin
  Lot := Lote;
end;

procedure TManyTests.CheckLot(Count: Integer);
var
  I: Integer;
begin
  AssertTrue(Lot.Mensagem, Lot.Sucesso);
  AssertEquals(Count, Length(Lot.Documentos));
  AssertEquals(Count, Lot.Averbados + Lot.JaAverbados);
  for I := 0 to High(Lot.Documentos) do
    AssertEquals(40, Length(Lot.Documentos[I].Protocolo));
end;

procedure TManyTests.AThousandDocumentsAreEndorsed;
var
  Files: TStringList;
  I: Integer;
begin
  Files := TStringList.Create;
  try
    for I := 1 to 1000 do
      Files.Add(IncludeTrailingPathDelimiter(Place('many')) + IntToStr(I) + '.xml');
    Lot := Porto.Averbar(Files);
    CheckLot(1000);
    for I := 0 to Files.Count - 1 do
      AssertEquals(string(Files[I]), Lot.Documentos[I].Arquivo);
  finally
    Files.Free;
  end;
end;

procedure TManyTests.AZipIsEndorsedInTheBackground;
var
  I: Integer;
begin
  Porto.OnFim := TakeLot;
  Porto.AverbarEmSegundoPlano(Place('lote.zip'));
  I := 0;
  while Porto.EmAndamento and (I < Patience) do
  begin
    CheckSynchronize(10);
    Inc(I);
  end;
  CheckLot(3);
end;

procedure TDiagnosisTests.TheWayToTheServiceIsDiagnosed;
var
  Diagnostico: TAvDiagnostico;
  Good: Boolean;
  I: Integer;
begin
  Diagnostico := Porto.Diagnosticar;
  AssertEquals(Diagnostico.Mensagem, Porto.Versao, Diagnostico.Versao);
  AssertTrue(Length(Diagnostico.Passos) > 0);
  Good := True;
  for I := 0 to High(Diagnostico.Passos) do
    Good := Good and Diagnostico.Passos[I].Sucesso;
  AssertEquals(Good, Diagnostico.Sucesso);
end;

initialization
  RegisterTests([TMethodTests, TStageTests, TBackgroundTests, TLibraryTests, TReplyTests, TManyTests,
    TDiagnosisTests]);

end.
