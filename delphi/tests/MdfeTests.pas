unit MdfeTests;

// What TMdfe promises, tested with FPCUnit against the simulator. Of the folder that the program is given:
//
//   normal.json                    settings that lead to a simulator
//   async.json                     to one that decides on an MDF-e when it is asked a second time
//   lost.json                      to one whose answer to the emission is lost
//   open.json                      to one that rejects the second MDF-e, since the first is open
//   mdfe.json, mdfe-bom.json       a document with nothing wrong, but for the endorsements; the same behind UTF-8's mark
//   cte1.xml, cte2.xml, cte3.xml   its CT-e

{$IFNDEF UNICODE}
  {$MODE DELPHI}
{$ENDIF}

interface

uses
  SysUtils, Classes, fpcunit, testregistry, AverbadorApi, AverbadorJson, Averbador, AverbadorMdfe, AverbadorTests;

type
  TMdfeTest = class(TPortoTest)
  protected
    Mdfe: TMdfe;
    procedure SetUp; override;
    procedure TearDown; override;
    procedure CheckHas(const Findings: TMdfeApontamentos; const Field: string; Rejection: Integer);
    // An MDF-e that was approved.
    function Issued: TMdfeResultado;
  end;

  TMdfeMethodTests = class(TMdfeTest)
  private
    procedure ReadWithoutSecret;
    procedure EmitWithoutPorto;
  published
    procedure ATripIsEndorsedAndIssued;
    procedure NumbersThatAreKnownAreUsed;
    procedure WhatIsPendingComesAllAtOnce;
    procedure ContingencyIsOnlyByOrder;
    procedure ADocumentThatCannotBeReadIsAResult;
    procedure AWrongTokenIsAResult;
    procedure FilesAreSaved;
    procedure ADriverIsAddedAndItIsClosed;
    procedure ItIsCancelled;
    procedure NotificationsAreRead;
    procedure TheRulesAreTold;
    procedure ThePortoMayGoFirst;
  end;

  TMdfeCourseTests = class(TMdfeTest)
  private
    Ended: TMdfeResultado;
    Ends: Integer;
    procedure NoteEnd(Sender: TObject; const Resultado: TMdfeResultado);
    procedure WaitForEnd;
  published
    procedure ItIsAskedUntilItIsDecided;
    procedure ALostAnswerIsUncertain;
    procedure TheOpenOneIsClosedFirst;
    procedure ItIsIssuedInTheBackground;
    procedure ItIsFreedMeanwhile;
  end;

  TMdfeDocumentTests = class(TMdfeTest)
  private
    Document: TMdfeDocumento;
    Path: string;
    procedure Put;
    procedure CheckRefused(const AtPath: string);
  protected
    procedure SetUp; override;
    procedure TearDown; override;
  published
    procedure FieldsMakeADocument;
    procedure ATripIsBuiltAndIssued;
    procedure EmptyFieldsAreLeftOut;
    procedure NumbersHavePoints;
    procedure WhatContradictsIsRefused;
    procedure TenThousandDocumentsAreBuilt;
  end;

  TMdfeReplyTests = class(TMdfeTest)
  published
    procedure AReplyIsRead;
    procedure NonsenseIsRead;
  end;

implementation

const
  Key = '41261199990001000198580010000000011283746519'; // of no MDF-e

// The text that a JSON text stands for: accents in any code page, from a source that has none.
function Spelled(const Json: UTF8String): string;
begin
  Result := JsonText(Json, '');
end;

procedure TMdfeTest.SetUp;
begin
  inherited SetUp;
  Mdfe := TMdfe.Create(nil);
  Mdfe.OnEtapa := NoteStage;
end;

procedure TMdfeTest.TearDown;
begin
  FreeAndNil(Mdfe);
  inherited TearDown;
end;

procedure TMdfeTest.CheckHas(const Findings: TMdfeApontamentos; const Field: string; Rejection: Integer);
var
  I: Integer;
  All: string;
begin
  All := '';
  for I := 0 to High(Findings) do
  begin
    if (Findings[I].Campo = Field) and (Findings[I].Rejeicao = Rejection) then
    begin
      AssertTrue('texts', (Findings[I].Mensagem <> '') and (Findings[I].Acao <> ''));
      Exit;
    end;
    All := All + Findings[I].Campo + ' ' + IntToStr(Findings[I].Rejeicao) + ' ';
  end;
  Fail(Field + ' is not among ' + All);
end;

function TMdfeTest.Issued: TMdfeResultado;
begin
  Mdfe.Averbador := Porto;
  if Mdfe.Ctes.Count = 0 then
  begin
    Mdfe.Ctes.Add(Place('cte1.xml'));
    Mdfe.Ctes.Add(Place('cte2.xml'));
    Mdfe.Ctes.Add(Place('cte3.xml'));
  end;
  Result := Mdfe.Emitir(Place('mdfe.json'));
  AssertTrue(Result.Mensagem, Result.Sucesso);
end;

// The methods

procedure TMdfeMethodTests.ReadWithoutSecret;
begin
  Mdfe.LerNotificacao('{}', '', '');
end;

procedure TMdfeMethodTests.EmitWithoutPorto;
begin
  Mdfe.Emitir(Place('mdfe.json'));
end;

procedure TMdfeMethodTests.ATripIsEndorsedAndIssued;
var
  Resultado: TMdfeResultado;
begin
  Resultado := Issued;
  AssertTrue(Resultado.Situacao = mdfeAprovado);
  AssertEquals('aprovado', Resultado.NomeDaSituacao);
  AssertEquals(44, Length(Resultado.Chave));
  AssertEquals(36, Length(Resultado.Uuid));
  AssertTrue((Resultado.Numero > 0) and (Resultado.Serie > 0));
  AssertEquals('', Resultado.Mensagem + Resultado.Etapa);
  AssertTrue('what Sefaz said', (Resultado.Motivo <> '') and (Resultado.Log <> ''));
  AssertEquals(3, Resultado.Averbacao.Averbados + Resultado.Averbacao.JaAverbados);
  AssertEquals(40, Length(Resultado.Averbacao.Documentos[2].Protocolo));
  AssertEquals('the session of who endorses', 32, Length(Porto.Cookie));
  AssertTrue(Stages, (Pos('validacao+ ', Stages) = 1) and (Pos('emissao+ emissao. ', Stages) > 0));
end;

procedure TMdfeMethodTests.NumbersThatAreKnownAreUsed;
var
  Files: TStringList;
  Lote: TAvLote;
begin
  Files := TStringList.Create;
  try
    Files.Add(Place('cte1.xml'));
    Files.Add(Place('cte2.xml'));
    Files.Add(Place('cte3.xml'));
    Lote := Porto.Averbar(Files);
  finally
    Files.Free;
  end;
  AssertFalse(Mdfe.Validar(Place('mdfe.json')).Sucesso);
  Mdfe.UsarAverbacao(Lote.Documentos[0].Chave, Lote.Documentos[0].Protocolo);
  AssertFalse('two are missing', Mdfe.Validar(Place('mdfe.json')).Sucesso);
  Mdfe.UsarAverbacoes(Lote);
  AssertTrue(Mdfe.Validar(Place('mdfe.json')).Sucesso);
  AssertTrue('behind a mark', Mdfe.Validar(Place('mdfe-bom.json')).Sucesso);
  AssertTrue(Mdfe.Emitir(Place('mdfe.json')).Sucesso);
  Mdfe.LimparAverbacoes;
  AssertFalse(Mdfe.Validar(Place('mdfe.json')).Sucesso);
end;

procedure TMdfeMethodTests.WhatIsPendingComesAllAtOnce;
var
  Resultado: TMdfeResultado;
begin
  Resultado := Mdfe.Emitir('{"modalidade":1,"emitente":1,"rodoviario":{"veiculo_tracao":{"placa":"AB12E4R"}}}');
  AssertFalse(Resultado.Sucesso);
  AssertFalse(Resultado.Incerto);
  AssertEquals(AV_ERR_MDFE_PENDING, Resultado.Erros[0].Codigo);
  AssertEquals('validacao', Resultado.Etapa);
  AssertTrue(Resultado.Situacao = mdfeNenhuma);
  CheckHas(Resultado.Pendencias, '/rodoviario/veiculo_tracao/placa', 646);
  CheckHas(Resultado.Pendencias, '/ambiente', 215);
end;

procedure TMdfeMethodTests.ContingencyIsOnlyByOrder;
var
  Resultado: TMdfeResultado;
begin
  Mdfe.ContingenciaAverbacao := True;
  Resultado := Mdfe.Validar(Place('mdfe.json'));
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso);
  CheckHas(Resultado.Avisos, '/descarregamento/0/documentos_fiscais/0/chave', 699);
  AssertTrue(Pos('99999', Resultado.Avisos[High(Resultado.Avisos)].Mensagem) > 0);
end;

procedure TMdfeMethodTests.ADocumentThatCannotBeReadIsAResult;
var
  Resultado: TMdfeResultado;
begin
  Resultado := Mdfe.Emitir(Place('nada.json'));
  AssertFalse(Resultado.Sucesso);
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Resultado.Erros[0].Codigo);
  AssertTrue(Pos('nada.json', Resultado.Mensagem) > 0);
  AssertEquals(AV_ERR_NOT_JSON, Mdfe.Validar('{"ambiente":').Erros[0].Codigo);
  Mdfe.Ctes.Add('cte.xml');
  AssertException(EAverbadorUso, EmitWithoutPorto);
end;

procedure TMdfeMethodTests.AWrongTokenIsAResult;
begin
  Mdfe.Token := 'outro';
  AssertEquals(AV_ERR_TOKEN_REFUSED, Mdfe.Consultar(Key).Erros[0].Codigo);
  Mdfe.Token := 'com' + #10 + 'quebra';
  AssertEquals(AV_ERR_BAD_FIELD, Mdfe.Consultar(Key).Erros[0].Codigo);
  Mdfe.Token := '';
  AssertEquals(AV_ERR_BAD_ACCESS_KEY, Mdfe.Consultar('123').Erros[0].Codigo);
end;

procedure TMdfeMethodTests.FilesAreSaved;
var
  Resultado: TMdfeResultado;
  Arquivo: TMdfeArquivo;
  Pdf, Xml: string;
begin
  Resultado := Issued;
  Pdf := Place(Spelled('"DAMDFE de S\u00e3o Jo\u00e3o.pdf"'));
  Arquivo := Mdfe.BaixarPdf(Resultado.Chave, Pdf);
  AssertTrue(Arquivo.Mensagem, Arquivo.Sucesso);
  AssertEquals(Pdf, Arquivo.Arquivo);
  AssertTrue(Arquivo.Bytes > 0);
  Xml := Place('mdfe.xml');
  AssertTrue(Mdfe.BaixarXml(Resultado.Xml, Xml).Sucesso);
  AssertTrue('the XML', Pos(AnsiString(Resultado.Chave), AnsiString(JsonContent(Xml))) > 0);
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Mdfe.BaixarPdf(Resultado.Chave, Place('nada') + PathDelim + 'x.pdf').Erros[0].Codigo);
end;

procedure TMdfeMethodTests.ADriverIsAddedAndItIsClosed;
var
  Resultado: TMdfeResultado;
  Chave: string;
begin
  Chave := Issued.Chave;
  Resultado := Mdfe.IncluirCondutor(Chave, Spelled('"Jos\u00e9 Concei\u00e7\u00e3o"'), '111.444.777-35');
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso);
  AssertEquals(AV_ERR_BAD_FIELD, Mdfe.Encerrar(Chave, 'PR', 'Curitiba', '4314902').Erros[0].Codigo);
  Resultado := Mdfe.Encerrar(Chave, 'RS', 'Caxias do Sul', '4305108');
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso);
  AssertTrue(Resultado.Situacao = mdfeEncerrado);
  AssertTrue('it is, already', Mdfe.Encerrar(Chave, 'RS', 'Caxias do Sul').Sucesso);
end;

procedure TMdfeMethodTests.ItIsCancelled;
var
  Resultado: TMdfeResultado;
  Uuid: string;
begin
  Uuid := Issued.Uuid;
  AssertEquals(AV_ERR_BAD_FIELD, Mdfe.Cancelar(Uuid, 'curta').Erros[0].Codigo);
  Resultado := Mdfe.Cancelar(Uuid, Spelled('"Viagem n\u00e3o realizada: carga devolvida"'));
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso);
  AssertTrue(Resultado.Situacao = mdfeCancelado);
  AssertTrue(Mdfe.Consultar(Uuid).Situacao = mdfeCancelado);
end;

procedure TMdfeMethodTests.NotificationsAreRead;
var
  Resultado: TMdfeResultado;
  Body: string;
begin
  Body := '{"uuid":"90d30c80-d0be-4c8f-a749-a818989222ca","chave":"","serie":1,"numero":123,"status":"reprovado","motivo":"' +
    Spelled('"Rejei\u00e7\u00e3o"') + '","xml":"","damdfe":"","log":{}}';
  Resultado := Mdfe.LerNotificacao(Body);
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso);
  AssertTrue(Resultado.Situacao = mdfeReprovado);
  AssertEquals(Spelled('"Rejei\u00e7\u00e3o"'), Resultado.Motivo);
  AssertTrue(Mdfe.LerNotificacao(Body, 'abc', 'abc').Sucesso);
  AssertEquals(AV_ERR_MDFE_NOTIFICATION, Mdfe.LerNotificacao(Body, 'abc', 'abd').Erros[0].Codigo);
  AssertEquals(AV_ERR_MDFE_NOTIFICATION, Mdfe.LerNotificacao(Body, 'abc', '').Erros[0].Codigo);
  AssertException(EAverbadorUso, ReadWithoutSecret);
end;

procedure TMdfeMethodTests.TheRulesAreTold;
var
  Regras: TMdfeRegras;
  Certain, I: Integer;
begin
  Regras := Mdfe.Regras;
  Certain := 0;
  for I := 0 to High(Regras) do
  begin
    AssertTrue((Regras[I].Rejeicao > 0) and (Regras[I].Mensagem <> '') and (Regras[I].Acao <> ''));
    if Regras[I].Impede then
      Inc(Certain);
  end;
  AssertTrue((Certain > 20) and (Certain < Length(Regras)));
end;

procedure TMdfeMethodTests.ThePortoMayGoFirst;
begin
  Mdfe.Averbador := Porto;
  FreeAndNil(Porto);
  AssertTrue(Mdfe.Averbador = nil);
end;

// Their course

procedure TMdfeCourseTests.NoteEnd(Sender: TObject; const Resultado: TMdfeResultado);
begin
  Ended := Resultado;
  Inc(Ends);
end;

procedure TMdfeCourseTests.WaitForEnd;
var
  I: Integer;
begin
  I := 0;
  while Mdfe.EmAndamento and (I < 10000) do
  begin
    CheckSynchronize(10);
    Inc(I);
  end;
  AssertEquals(1, Ends);
end;

procedure TMdfeCourseTests.ItIsAskedUntilItIsDecided;
var
  Resultado: TMdfeResultado;
begin
  Use('async.json');
  Mdfe.ContingenciaAverbacao := True;
  Resultado := Mdfe.Emitir(Place('mdfe.json'));
  AssertFalse(Resultado.Sucesso);
  AssertTrue(Resultado.Situacao = mdfeProcessando);
  AssertFalse('it is known to have arrived', Resultado.Incerto);
  AssertEquals(AV_ERR_MDFE_PROCESSING, Resultado.Erros[0].Codigo);
  AssertTrue(Resultado.Erros[0].Repetir);
  Mdfe.Aguardar := 30;
  Stages := '';
  Resultado := Mdfe.Consultar(Resultado.Uuid);
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso and (Resultado.Situacao = mdfeAprovado));
  AssertEquals('situacao+ situacao! situacao* situacao+ situacao. fim. ', Stages);
end;

procedure TMdfeCourseTests.ALostAnswerIsUncertain;
var
  Resultado: TMdfeResultado;
begin
  Use('lost.json');
  Mdfe.ContingenciaAverbacao := True;
  Resultado := Mdfe.Emitir(Place('mdfe.json'));
  AssertFalse(Resultado.Sucesso);
  AssertTrue(Resultado.Incerto and Resultado.Erros[0].Incerto);
  AssertFalse(Resultado.Erros[0].Repetir);
  AssertTrue(Resultado.Situacao = mdfeNenhuma);
  AssertEquals('emissao', Resultado.Etapa);
  AssertTrue(Resultado.Mensagem, Pos('painel do Webmania', Resultado.Mensagem) > 0);
end;

procedure TMdfeCourseTests.TheOpenOneIsClosedFirst;
var
  Resultado: TMdfeResultado;
  Chave: string;
begin
  Use('open.json');
  Mdfe.ContingenciaAverbacao := True;
  Chave := Mdfe.Emitir(Place('mdfe.json')).Chave;
  Resultado := Mdfe.Emitir(Place('mdfe.json'));
  AssertEquals(Resultado.Mensagem, AV_ERR_MDFE_OPEN, Resultado.Erros[0].Codigo);
  AssertEquals(Chave, Resultado.MdfeAberto.Chave);
  AssertEquals(15, Length(Resultado.MdfeAberto.Protocolo));
  AssertTrue(Mdfe.Encerrar(Resultado.MdfeAberto.Chave, 'RS', 'Porto Alegre').Sucesso);
  Resultado := Mdfe.Emitir(Place('mdfe.json'));
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso);
  AssertEquals('', Resultado.MdfeAberto.Chave + Resultado.MdfeExistente.Chave);
end;

procedure TMdfeCourseTests.ItIsIssuedInTheBackground;
var
  Document: TMdfeDocumento;
begin
  Mdfe.OnFim := NoteEnd;
  Mdfe.EmitirEmSegundoPlano(Place('nada.json'));
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Ended.Erros[0].Codigo);
  Ends := 0;
  Document := TMdfeDocumento.Create;
  try
    Mdfe.EmitirEmSegundoPlano(Document);
  finally
    Document.Free;
  end;
  WaitForEnd;
  AssertEquals(AV_ERR_MDFE_PENDING, Ended.Erros[0].Codigo);
  Use('async.json');
  Ends := 0;
  Mdfe.Aguardar := 30;
  Mdfe.ContingenciaAverbacao := True;
  Mdfe.EmitirEmSegundoPlano(Place('mdfe.json'));
  AssertTrue(Mdfe.EmAndamento);
  WaitForEnd;
  AssertTrue(Ended.Mensagem, Ended.Sucesso);
  AssertTrue(Ended.Situacao = mdfeAprovado);
end;

procedure TMdfeCourseTests.ItIsFreedMeanwhile;
begin
  Use('async.json');
  Mdfe.OnFim := NoteEnd;
  Mdfe.Aguardar := 30;
  Mdfe.ContingenciaAverbacao := True;
  Mdfe.EmitirEmSegundoPlano(Place('mdfe.json'));
  FreeAndNil(Mdfe);
  CheckSynchronize(10);
  AssertEquals(0, Ends);
end;

// Documents

procedure TMdfeDocumentTests.SetUp;
begin
  inherited SetUp;
  Document := TMdfeDocumento.Create;
end;

procedure TMdfeDocumentTests.TearDown;
begin
  FreeAndNil(Document);
  inherited TearDown;
end;

procedure TMdfeDocumentTests.Put;
begin
  Document.Definir(Path, 'x');
end;

procedure TMdfeDocumentTests.CheckRefused(const AtPath: string);
begin
  Path := AtPath;
  AssertException(AtPath, EAverbadorUso, Put);
end;

procedure TMdfeDocumentTests.FieldsMakeADocument;
var
  Place: string;
begin
  AssertEquals('{}', Document.Json);
  Document.Definir('ambiente', 2);
  Document.Definir('/rodoviario/veiculo_tracao/placa', 'ABC1D23');
  Document.Definir('percurso/-', 'SC');
  Document.Definir('percurso/-', 'RS');
  Place := Document.Acrescentar('descarregamento');
  AssertEquals('descarregamento/0', Place);
  Document.Definir(Place + '/nome_municipio', 'a "b" \ ' + Spelled('"S\u00e3o"'));
  Document.DefinirLogico(Document.Acrescentar(Place + '/documentos_fiscais') + '/indicador_reentrega', True);
  Document.Definir('descarregamento/0/documentos_fiscais/0/chave', Key);
  AssertEquals('{"ambiente":2,"rodoviario":{"veiculo_tracao":{"placa":"ABC1D23"}},"percurso":["SC","RS"],' +
    '"descarregamento":[{"nome_municipio":"a \"b\" \\ ' + Spelled('"S\u00e3o"') +
    '","documentos_fiscais":[{"indicador_reentrega":true,"chave":"' + Key + '"}]}]}', Document.Json);
  Document.Definir('percurso/1', 'PR');
  AssertTrue(Pos('["SC","PR"]', Document.Json) > 0);
  Document.Limpar;
  AssertEquals('{}', Document.Json);
end;

procedure TMdfeDocumentTests.ATripIsBuiltAndIssued;
var
  City: string;
  Resultado: TMdfeResultado;
begin
  Document.Definir('ambiente', 2);
  Document.Definir('emitente', 1);
  Document.Definir('modalidade', 1);
  Document.Definir('uf_carregamento', 'PR');
  Document.Definir('uf_descarregamento', 'RS');
  Document.DefinirDecimal('valor_carga', 18250.4, 2);
  Document.Definir('unidade', '01');
  Document.DefinirDecimal('peso_bruto', 4210.5, 4);
  Document.Definir('carregamento/0/nome_municipio', 'Curitiba');
  City := Document.Acrescentar('descarregamento');
  Document.Definir(City + '/nome_municipio', 'Porto Alegre');
  Document.Definir(City + '/documentos_fiscais/-/chave', '41260599990001000198570010000047111283746517');
  Document.Definir(City + '/documentos_fiscais/-/chave', '43260699990002000132570020000009821102938470');
  Document.Definir('percurso/-', 'SC');
  Document.Definir('produto_predominante/tipo_carga', '05');
  Document.Definir('produto_predominante/nome', Spelled('"Autope\u00e7as"'));
  Document.Definir('seguro/0/responsavel/tipo_responsavel', 1);
  Document.Definir('seguro/0/seguradora/nome_seguradora', 'Porto Seguro');
  Document.Definir('seguro/0/seguradora/cnpj', '61.198.164/0001-60');
  Document.Definir('seguro/0/numero_apolice', '5400001234');
  Document.Definir('rodoviario/rntrc', '12345678');
  Document.Definir('rodoviario/veiculo_tracao/placa', 'ABC1D23');
  Document.Definir('rodoviario/veiculo_tracao/renavam', '12345678901');
  Document.Definir('rodoviario/veiculo_tracao/tara', 8500);
  Document.Definir('rodoviario/veiculo_tracao/tipo_rodado', '01');
  Document.Definir('rodoviario/veiculo_tracao/tipo_carroceria', '02');
  Document.Definir('rodoviario/veiculo_tracao/uf_licenciamento', 'PR');
  Document.Definir('rodoviario/condutor/0/cpf', '529.982.247-25');
  Document.Definir('rodoviario/condutor/0/nome', Spelled('"Jo\u00e3o da Silva Motorista"'));
  Document.Definir('rodoviario/ciot/0/codigo_ciot', '123456789012');
  Document.Definir('rodoviario/ciot/0/cnpj_responsavel', '99990001000198');
  Document.Definir('rodoviario/contratante/0/cnpj', '99990001000198');
  Mdfe.UsarAverbacao('41260599990001000198570010000047111283746517', '0588699990001000198570010000471112837465');
  AssertFalse('one is missing', Mdfe.Validar(Document).Sucesso);
  Mdfe.UsarAverbacao('43260699990002000132570020000009821102938470', '0588699990001000198570010000471112837466');
  Resultado := Mdfe.Emitir(Document);
  AssertTrue(Resultado.Mensagem, Resultado.Sucesso);
end;

procedure TMdfeDocumentTests.EmptyFieldsAreLeftOut;
begin
  Document.Definir('produto_predominante/ncm', '');
  Document.Definir('seguro/0/numero_apolice', '');
  Document.DefinirDataHora('data_inicio_viagem', 0);
  AssertEquals('{}', Document.Json);
  Document.Definir('unidade', '01');
  Document.Definir('unidade', '');
  AssertEquals('{}', Document.Json);
end;

procedure TMdfeDocumentTests.NumbersHavePoints;
begin
  DecimalSeparator := ',';
  TimeSeparator := '.';
  DateSeparator := '/';
  Document.DefinirDecimal('valor_carga', 1234567.891, 2);
  Document.DefinirDecimal('peso_bruto', 0.5, 4);
  Document.DefinirDataHora('data_inicio_viagem', EncodeDate(2026, 11, 26) + EncodeTime(8, 5, 0, 0));
  AssertEquals('{"valor_carga":"1234567.89","peso_bruto":"0.5000","data_inicio_viagem":"2026-11-26 08:05:00"}',
    Document.Json);
end;

procedure TMdfeDocumentTests.WhatContradictsIsRefused;
begin
  Document.Definir('seguro/0/numero_apolice', '1');
  CheckRefused('seguro');
  CheckRefused('seguro/0');
  CheckRefused('seguro/numero_apolice');
  CheckRefused('seguro/2/numero_apolice');
  CheckRefused('seguro/0/numero_apolice/x');
  CheckRefused('seguro//x');
  CheckRefused('');
  AssertEquals('{"seguro":[{"numero_apolice":"1"}]}', Document.Json);
end;

procedure TMdfeDocumentTests.TenThousandDocumentsAreBuilt;
var
  I: Integer;
  Json: UTF8String;
begin
  for I := 1 to 10000 do
    Document.Definir('descarregamento/0/documentos_fiscais/-/chave', IntToStr(I));
  Json := AvUtf8(Document.Json);
  AssertEquals('10000', JsonText(Json, '/descarregamento/0/documentos_fiscais/9999/chave'));
end;

// Replies

procedure TMdfeReplyTests.AReplyIsRead;
var
  Resultado: TMdfeResultado;
begin
  Resultado := AvLerMdfe('{"mod":"mdfeEmiteRet","status":0,"uuid":"u","chave":"' + Key + '","serie":1,"numero":77,' +
    '"situacao":"reprovado","motivo":"Existe MDF-e","xml":"x","damdfe":"d","log":[{"cStat":"611"}],' +
    '"avisos":[{"campo":"/mdfe/rodoviario","rejeicao":684,"msg":"Falta o CIOT.","acao":"Informe-o."},' +
    '{"campo":"","msg":"m","acao":"a"}],"mdfe_aberto":{"chave":"c","protocolo":"p"},' +
    '"mdfe_existente":{"uuid":"e","chave":"f","situacao":"aprovado"},' +
    '"averbacao":{"mod":"averbaRet","status":1,"S":[{"chave":"k","protocolo":"P","status":1}]},"etapa":"emissao",' +
    '"error":[{"code":6007,"msg":"Existe outro MDF-e.","origem":{"code":"611","msg":"x"}}]}');
  AssertFalse(Resultado.Sucesso);
  AssertTrue(Resultado.Situacao = mdfeReprovado);
  AssertEquals(78, Resultado.Serie + Resultado.Numero);
  AssertEquals('uExiste MDF-exd', Resultado.Uuid + Resultado.Motivo + Resultado.Xml + Resultado.Damdfe);
  AssertEquals('[{"cStat":"611"}]', Resultado.Log);
  AssertEquals(2, Length(Resultado.Avisos));
  AssertEquals('/rodoviario', Resultado.Avisos[0].Campo);
  AssertEquals(684, Resultado.Avisos[0].Rejeicao + Resultado.Avisos[1].Rejeicao);
  AssertEquals('cp', Resultado.MdfeAberto.Chave + Resultado.MdfeAberto.Protocolo);
  AssertEquals('ef', Resultado.MdfeExistente.Uuid + Resultado.MdfeExistente.Chave);
  AssertTrue(Resultado.MdfeExistente.Situacao = mdfeAprovado);
  AssertEquals('P', Resultado.Averbacao.Documentos[0].Protocolo);
  AssertEquals('Existe outro MDF-e.', Resultado.Mensagem);
end;

procedure TMdfeReplyTests.NonsenseIsRead;
begin
  AssertTrue(AvLerMdfe('{"situacao":"decolando"}').Situacao = mdfeOutra);
  AssertEquals('decolando', AvLerMdfe('{"situacao":"decolando"}').NomeDaSituacao);
  AssertFalse(AvLerMdfe('').Sucesso or AvLerMdfe('{').Incerto);
end;

initialization
  RegisterTests([TMdfeMethodTests, TMdfeCourseTests, TMdfeDocumentTests, TMdfeReplyTests]);

end.
