unit NfseTests;

// What TNfse promises, tested with FPCUnit against the simulator. Of the folder that the program is given:
//
//   normal.json    settings that lead to a simulator
//   async.json     to one that decides on an RPS when it is asked a second time
//   lost.json      to one that resets every connection instead of answering a send, and takes nothing
//   rps.xml        an RPS, number 4711 of series A1
//   rps.json       another one, number 4712, in its JSON form

{$IFNDEF UNICODE}
  {$MODE DELPHI}
{$ENDIF}

interface

uses
  SysUtils, Classes, fpcunit, testregistry, AverbadorApi, AverbadorJson, Averbador, AverbadorNfse, AverbadorTests;

type
  TNfseTest = class(TPortoTest)
  protected
    Nfse: TNfse;
    procedure SetUp; override;
    procedure TearDown; override;
    // The RPS with another number, as XML.
    function Rps(Number: Integer): string;
    // A new NFS-e: the same RPS would soon be too often.
    function Issued: TNfseDocumento;
  end;

  TNfseMethodTests = class(TNfseTest)
  published
    procedure AnRpsBecomesAnInvoice;
    procedure ASecondSendGivesTheSame;
    procedure EveryFormIsTaken;
    procedure WhatCannotBeSentIsAResult;
    procedure AccentsGoBothWays;
    procedure ItIsLookedUp;
    procedure NothingFoundIsAResult;
    procedure FilesAreSaved;
    procedure TheMirrorIsSaved;
    procedure ItIsCancelled;
    procedure AKeyIsComputed;
    procedure ARefusedKeyIsDiagnosed;
  end;

  TNfseCourseTests = class(TNfseTest)
  private
    Ended: TNfseLote;
    Ends: Integer;
    procedure NoteEnd(Sender: TObject; const Lote: TNfseLote);
    procedure WaitForEnd;
  published
    procedure SeveralAreDecidedLater;
    procedure WhoeverWaitsGetsIt;
    procedure ALostAnswerIsUncertain;
    procedure TheSameIsNotAskedFourTimes;
    procedure ItIsSentInTheBackground;
    procedure ItIsFreedMeanwhile;
  end;

  TNfseReplyTests = class(TNfseTest)
  published
    procedure AReplyIsRead;
    procedure NonsenseIsRead;
  end;

implementation

const
  Issuer = '99.990.001/0001-98';
  Id = 'averbador-2-99990001000198-1-A1-4711'; // of rps.xml

var
  Latest: Integer = 10000; // the number of the RPS that was sent last

// The text that a JSON text stands for: accents in any code page, from a source that has none.
function Spelled(const Json: UTF8String): string;
begin
  Result := JsonText(Json, '');
end;

procedure TNfseTest.SetUp;
begin
  inherited SetUp;
  Nfse := TNfse.Create(nil);
  Nfse.OnEtapa := NoteStage;
  Nfse.Cnpj := Issuer;
  Nfse.Ambiente := 2;
end;

procedure TNfseTest.TearDown;
begin
  FreeAndNil(Nfse);
  inherited TearDown;
end;

function TNfseTest.Rps(Number: Integer): string;
begin
  Result := StringReplace(AvCopy(PAnsiChar(JsonContent(Place('rps.xml')))), '>4711<', '>' + IntToStr(Number) + '<', []);
end;

function TNfseTest.Issued: TNfseDocumento;
begin
  Inc(Latest);
  Result := Nfse.Enviar(Rps(Latest));
  AssertTrue(Result.Mensagem, Result.Sucesso);
end;

// The methods

procedure TNfseMethodTests.AnRpsBecomesAnInvoice;
var
  Documento: TNfseDocumento;
begin
  Documento := Nfse.Enviar(Place('rps.xml'));
  AssertTrue(Documento.Mensagem, Documento.Sucesso);
  AssertEquals('4711 A1', Documento.Numero + ' ' + Documento.Serie);
  AssertEquals(Id, Documento.IDUnico);
  AssertEquals('beyond 32 bits', 14, Length(Documento.NFSeNumero));
  AssertTrue((Documento.Chave <> '') and (Documento.Protocolo <> '') and (Documento.CodVerificacao <> ''));
  AssertEquals('documento 100', Documento.Situacao.Nivel + ' ' + Documento.Situacao.Codigo);
  AssertTrue((Documento.Situacao.Texto <> '') and (Documento.LinkPdf <> '') and (Documento.LinkXml <> ''));
  AssertEquals('', Documento.Mensagem + Documento.ArquivoPdf);
  AssertFalse(Documento.Incerto or Documento.Pendente);
  AssertEquals(0, Length(Documento.Erros));
  AssertTrue(Stages, Pos('rps+ rps. ', Stages) > 0);
end;

procedure TNfseMethodTests.ASecondSendGivesTheSame;
var
  Numero: string;
begin
  Numero := Issued.NFSeNumero;
  AssertEquals(Numero, Nfse.Enviar(Rps(Latest)).NFSeNumero);
end;

procedure TNfseMethodTests.EveryFormIsTaken;
begin
  AssertTrue('XML', Nfse.Enviar(Rps(9001)).Sucesso);
  AssertEquals('a file', '4711', Nfse.Enviar(Place('rps.xml')).Numero);
  AssertEquals('JSON', '4712', Nfse.Enviar(AvCopy(PAnsiChar(JsonContent(Place('rps.json'))))).Numero);
end;

procedure TNfseMethodTests.WhatCannotBeSentIsAResult;
begin
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Nfse.Enviar(Place('nada.xml')).Erros[0].Codigo);
  AssertEquals(AV_ERR_BAD_FIELD, Nfse.Enviar('<Consulta/>').Erros[0].Codigo);
  AssertFalse(Nfse.Enviar('<Envio>').Incerto);
  AssertEquals(AV_ERR_FILE_EMPTY, Nfse.Enviar('').Erros[0].Codigo);
  Nfse.Pasta := Place('nada');
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Nfse.Enviar(Place('rps.xml')).Erros[0].Codigo);
  Nfse.Pasta := '';
  Nfse.ChaveAcesso := 'com espaco ';
  AssertEquals(AV_ERR_BAD_FIELD, Nfse.Enviar(Place('rps.xml')).Erros[0].Codigo);
end;

procedure TNfseMethodTests.AccentsGoBothWays;
var
  Text: string;
begin
  Text := Spelled('"<a>S\u00e3o Jo\u00e3o</a>"');
  AssertEquals(Text, Nfse.ComunicacaoCK(Text).Linearizado);
  AssertEquals('in UTF-8', 17, Nfse.ComunicacaoCK(Text).Bytes);
  Text := Spelled('"A\u00e7\u00e3o & rea\u00e7\u00e3o"');
  AssertTrue('a reason', Nfse.Cancelar(Issued, nfseServicoNaoPrestado, Text).Sucesso);
end;

procedure TNfseMethodTests.ItIsLookedUp;
var
  Documento: TNfseDocumento;
  Lote: TNfseLote;
begin
  Documento := Issued;
  AssertEquals(Documento.NFSeNumero, Nfse.Consultar(Documento.IDUnico).NFSeNumero);
  AssertEquals(Documento.NFSeNumero, Nfse.ConsultarChave(Documento.Chave).NFSeNumero);
  Lote := Nfse.ConsultarNumeros('A1', Documento.Numero);
  AssertEquals(1, Length(Lote.Documentos));
  AssertTrue(Lote.Sucesso);
  AssertEquals(1, Lote.Autorizados);
  Inc(Latest);
  Nfse.Enviar(Rps(Latest));
  AssertEquals(2, Length(Nfse.ConsultarNumeros('A1', Documento.Numero, IntToStr(Latest)).Documentos));
  AssertTrue(Length(Nfse.ConsultarPeriodo(EncodeDate(2026, 5, 1), EncodeDate(2026, 5, 31)).Documentos) >= 2);
  AssertEquals(0, Length(Nfse.ConsultarPeriodo(EncodeDate(2026, 6, 1), EncodeDate(2026, 6, 30)).Documentos));
end;

procedure TNfseMethodTests.NothingFoundIsAResult;
var
  Documento: TNfseDocumento;
begin
  Documento := Nfse.Consultar('x');
  AssertFalse(Documento.Sucesso or Documento.Pendente or Documento.Incerto);
  AssertEquals(AV_ERR_NFSE_NOT_FOUND, Documento.Erros[0].Codigo);
  AssertTrue(Documento.Mensagem <> '');
  Nfse.Cnpj := '';
  AssertEquals(AV_ERR_MISSING_FIELD, Nfse.Consultar('x').Erros[0].Codigo);
  Nfse.Cnpj := Issuer;
  Nfse.Ambiente := 0;
  AssertEquals(AV_ERR_MISSING_FIELD, Nfse.Consultar('x').Erros[0].Codigo);
end;

procedure TNfseMethodTests.FilesAreSaved;
var
  Documento: TNfseDocumento;
begin
  Nfse.Pasta := Place('saved');
  Documento := Issued;
  AssertTrue(Documento.ArquivoPdf, FileExists(Documento.ArquivoPdf));
  AssertTrue('the XML', Pos(AnsiString(Documento.NFSeNumero), AnsiString(JsonContent(Documento.ArquivoXml))) > 0);
end;

procedure TNfseMethodTests.TheMirrorIsSaved;
var
  Documento: TNfseDocumento;
  Arquivo: TNfseArquivo;
  Pdf: string;
begin
  Documento := Issued;
  Pdf := Place(Spelled('"espelho de S\u00e3o Jo\u00e3o.pdf"'));
  Arquivo := Nfse.Espelho(Documento.IDUnico, Pdf);
  AssertTrue(Arquivo.Mensagem, Arquivo.Sucesso);
  AssertEquals(Pdf, Arquivo.Arquivo);
  AssertTrue(FileExists(Pdf) and (Arquivo.Bytes > 0));
  AssertEquals(Documento.NFSeNumero, Arquivo.Documento.NFSeNumero);
  AssertTrue(Nfse.EspelhoPelaChave(Documento.Chave, Pdf).Sucesso);
  AssertTrue(Nfse.EspelhoDoRps('A1', Documento.Numero, Pdf).Sucesso);
  AssertEquals(AV_ERR_NFSE_NOT_FOUND, Nfse.EspelhoDoRps('A1', '1', Pdf).Erros[0].Codigo);
end;

procedure TNfseMethodTests.ItIsCancelled;
var
  Documento: TNfseDocumento;
begin
  Documento := Issued;
  AssertEquals(AV_ERR_MISSING_FIELD, Nfse.Cancelar(Documento, nfseErroNaEmissao, '').Erros[0].Codigo);
  Documento := Nfse.Cancelar(Documento, nfseErroNaEmissao, 'Valor errado');
  AssertTrue(Documento.Mensagem, Documento.Sucesso);
  AssertTrue('it is, already',
    Nfse.Cancelar(Documento.NFSeNumero, 'A1', Documento.Numero, nfseErroNaEmissao, 'Valor errado').Sucesso);
  Documento := Nfse.ConsultarNumeros('A1', Documento.Numero).Documentos[0];
  AssertFalse('not to be taken for a valid one', Documento.Sucesso);
  AssertEquals(AV_ERR_NFSE_CANCELLED, Documento.Erros[0].Codigo);
end;

procedure TNfseMethodTests.AKeyIsComputed;
const
  Plain = '<Envio><ModeloDocumento>NFSE</ModeloDocumento><Versao>1.00</Versao></Envio>';
var
  Ck: TNfseCk;
begin
  Ck := Nfse.ComunicacaoCK(Plain);
  AssertTrue(Ck.Mensagem, Ck.Sucesso);
  AssertEquals('9fca8cadf8028440c7528aa281ae3bcd', Ck.CK);
  AssertEquals(Plain, Ck.Linearizado);
  AssertEquals(Length(Plain), Ck.Bytes);
  AssertEquals(0, Length(Ck.Avisos));
  Ck := Nfse.ComunicacaoCK(StringReplace(Plain, '<Versao>', #13#10#9'<Versao>', []));
  AssertEquals('9fca8cadf8028440c7528aa281ae3bcd', Ck.CK);
  AssertTrue('a file', Nfse.ComunicacaoCK(Place('rps.xml')).Sucesso);
  AssertTrue('its declaration', Length(Nfse.ComunicacaoCK(Place('rps.xml')).Avisos) > 0);
  Nfse.ChaveAcesso := 'outra';
  AssertTrue(Nfse.ComunicacaoCK(Plain).CK <> '9fca8cadf8028440c7528aa281ae3bcd');
end;

procedure TNfseMethodTests.ARefusedKeyIsDiagnosed;
var
  Documento: TNfseDocumento;
begin
  Nfse.ChaveAcesso := 'MARCADACHAVE';
  Documento := Nfse.Enviar(Place('rps.xml'));
  AssertFalse(Documento.Sucesso or Documento.Incerto);
  AssertEquals(AV_ERR_INVOICY_KEY, Documento.Erros[0].Codigo);
  AssertTrue(Documento.Erros[0].Detalhe, Pos('12 characters (capitals)', Documento.Erros[0].Detalhe) > 0);
  AssertEquals('the key itself', 0, Pos('MARCA', Documento.Erros[0].Detalhe + Documento.Mensagem));
end;

// Their course

procedure TNfseCourseTests.NoteEnd(Sender: TObject; const Lote: TNfseLote);
begin
  Ended := Lote;
  Inc(Ends);
end;

procedure TNfseCourseTests.WaitForEnd;
var
  I: Integer;
begin
  I := 0;
  while Nfse.EmAndamento and (I < 10000) do
  begin
    CheckSynchronize(10);
    Inc(I);
  end;
  AssertEquals(1, Ends);
end;

procedure TNfseCourseTests.SeveralAreDecidedLater;
var
  Documents: TStringList;
  Lote: TNfseLote;
  I: Integer;
begin
  Documents := TStringList.Create;
  try
    for I := 1 to 60 do
      Documents.Add(Rps(I));
    Documents[6] := '<Envio>';
    Documents[7] := AvCopy(PAnsiChar(JsonContent(Place('rps.json'))));
    Lote := Nfse.Enviar(Documents);
  finally
    Documents.Free;
  end;
  AssertFalse(Lote.Sucesso);
  AssertEquals(60, Length(Lote.Documentos));
  AssertEquals(59, Lote.Pendentes);
  AssertEquals(0, Lote.Autorizados + Lote.Incertos);
  AssertEquals('in the order given', '4712', Lote.Documentos[7].Numero);
  AssertEquals(AV_ERR_NFSE_PROCESSING, Lote.Documentos[59].Erros[0].Codigo);
  AssertEquals(AV_ERR_XML_MALFORMED, Lote.Documentos[6].Erros[0].Codigo);
  Nfse.Aguardar := 3;
  Lote := Nfse.ConsultarNumeros('A1', '1', '60');
  AssertTrue(Lote.Mensagem, Lote.Sucesso);
  AssertEquals(58, Lote.Autorizados);
end;

procedure TNfseCourseTests.WhoeverWaitsGetsIt;
var
  Documento: TNfseDocumento;
begin
  Use('async.json');
  Documento := Nfse.Enviar(Rps(1));
  AssertFalse(Documento.Sucesso or Documento.Incerto);
  AssertTrue('it is known to have arrived', Documento.Pendente and not Documento.Erros[0].Repetir);
  Nfse.Aguardar := 3;
  Documento := Nfse.Enviar(Rps(2));
  AssertTrue(Documento.Mensagem, Documento.Sucesso);
  AssertTrue(Stages, Pos('nfse* ', Stages) > 0);
  AssertTrue(Nfse.Consultar(StringReplace(Documento.IDUnico, '-A1-2', '-A1-1', [])).Sucesso);
end;

procedure TNfseCourseTests.ALostAnswerIsUncertain;
var
  Documento: TNfseDocumento;
begin
  Use('lost.json');
  Documento := Nfse.Enviar(Place('rps.xml'));
  AssertFalse(Documento.Sucesso or Documento.Pendente);
  AssertTrue(Documento.Incerto and Documento.Erros[0].Incerto);
  AssertFalse(Documento.Erros[0].Repetir);
  AssertEquals('to ask by', Id, Documento.IDUnico);
  AssertTrue('it was looked up: ' + Stages, Pos('nfse+ ', Stages) > 0);
end;

procedure TNfseCourseTests.TheSameIsNotAskedFourTimes;
var
  I: Integer;
begin
  for I := 1 to 3 do
    AssertEquals(AV_ERR_NFSE_NOT_FOUND, Nfse.Consultar('quatro vezes').Erros[0].Codigo);
  AssertEquals(AV_ERR_INVOICY_REPEATED, Nfse.Consultar('quatro vezes').Erros[0].Codigo);
end;

procedure TNfseCourseTests.ItIsSentInTheBackground;
var
  Documents: TStringList;
begin
  Nfse.OnFim := NoteEnd;
  Documents := TStringList.Create;
  try
    Documents.Add(Rps(901));
    Nfse.EnviarEmSegundoPlano(Documents);
  finally
    Documents.Free;
  end;
  AssertTrue(Nfse.EmAndamento);
  WaitForEnd;
  AssertTrue(Ended.Mensagem, Ended.Sucesso);
  AssertEquals('901', Ended.Documentos[0].Numero);
  Ends := 0;
  Nfse.EnviarEmSegundoPlano('nada.xml');
  WaitForEnd;
  AssertEquals(AV_ERR_FILE_NOT_FOUND, Ended.Documentos[0].Erros[0].Codigo);
end;

procedure TNfseCourseTests.ItIsFreedMeanwhile;
begin
  Nfse.OnFim := NoteEnd;
  Nfse.EnviarEmSegundoPlano(Rps(902));
  FreeAndNil(Nfse);
  CheckSynchronize(10);
  AssertEquals(0, Ends);
end;

// Replies

procedure TNfseReplyTests.AReplyIsRead;
var
  Lote: TNfseLote;
begin
  Lote := AvLerNfse('{"mod":"nfseEnviaRet","status":0,"S":[{"numero":"123456789012345","serie":"A","IDUnico":"i","chave":"c",' +
    '"protocolo":"p","NFSeNumero":"20260000000001","CodVerificacao":"v","autorizada_em":"d","situacao":{"nivel":"documento",' +
    '"codigo":"100","texto":"t"},"links":{"pdf":"lp","xml":"lx"},"arquivos":{"pdf":"ap","xml":"ax"},' +
    '"certificado_vencimento":"2027","status":1,"avisos":["a \"b\"","b"]},{"numero":"2","status":0,' +
    '"error":[{"code":3005,"msg":"x","incerto":true}]}],"error":[{"code":3005,"msg":"x","incerto":true}]}');
  AssertEquals(2, Length(Lote.Documentos));
  with Lote.Documentos[0] do
  begin
    AssertTrue(Sucesso);
    AssertEquals('123456789012345Aicp20260000000001vd', Numero + Serie + IDUnico + Chave + Protocolo + NFSeNumero +
      CodVerificacao + AutorizadaEm);
    AssertEquals('documento100tlplxapax2027', Situacao.Nivel + Situacao.Codigo + Situacao.Texto + LinkPdf + LinkXml +
      ArquivoPdf + ArquivoXml + CertificadoVencimento);
    AssertEquals(2, Length(Avisos));
    AssertEquals('a "b"', Avisos[0]);
  end;
  AssertTrue(Lote.Documentos[1].Incerto);
  AssertEquals('1 0 1', Format('%d %d %d', [Lote.Autorizados, Lote.Pendentes, Lote.Incertos]));
  AssertEquals('x', Lote.Mensagem);
end;

procedure TNfseReplyTests.NonsenseIsRead;
begin
  AssertFalse(AvLerNfse('').Sucesso);
  AssertEquals(0, Length(AvLerNfse('{"S":7}').Documentos));
end;

initialization
  RegisterTests([TNfseMethodTests, TNfseCourseTests, TNfseReplyTests]);

end.
