unit AverbadorNfse;

// A classe TNfse: envia RPS, acompanha e cancela NFS-e pelo InvoiCy, por averbador.dll. Delphi 7 e posteriores, Free Pascal.
//
//   Nfse := TNfse.Create(Self); // o formulário o libera
//   Nfse.ChaveAcesso := ChaveAcesso; // ou nos ajustes, invoicy.chave_acesso
//   Nfse.ChaveParceiro := ChaveParceiro; // ou nos ajustes, invoicy.chave_parceiro
//   Nfse.Aguardar := 15; // segundos
//   Nfse.Pasta := 'C:\nfse'; // para o PDF e o XML
//   Documento := Nfse.Enviar('C:\rps\rps.xml');
//   if Documento.Sucesso then
//     Gravar(Documento.IDUnico, Documento.NFSeNumero, Documento.CodVerificacao)
//   else
//     ShowMessage(Documento.Mensagem);
//
// Como em TAverbador, tudo é string do Delphi, e o que houver de errado vem no resultado, nunca em exceção; exceção é só
// para erro de programação ou de instalação.
//
// Fora dos comentários este fonte é ASCII, pois o Delphi 7 o lê como ANSI. No Linux, o programa começa por cthreads.

{$IFDEF FPC}
  {$IFNDEF UNICODE} // definido no modo DelphiUnicode, que fica
    {$MODE DELPHI}
  {$ENDIF}
{$ENDIF}

interface

uses
  SysUtils, Classes, AverbadorApi, AverbadorChamada, Averbador;

type
  /// <summary>A situação na palavra do InvoiCy. Um código só diz algo junto com o nível: 104 é um certificado vencido no
  /// envelope, e um documento em processamento no documento.</summary>
  TNfseSituacao = record
    /// <summary><c>envelope</c>: do pedido inteiro; <c>documento</c>: deste. Vazio se não se sabe.</summary>
    Nivel: string;
    /// <summary>O código do InvoiCy, por exemplo <c>100</c>.</summary>
    Codigo: string;
    /// <summary>O que ele quer dizer.</summary>
    Texto: string;
  end;

  /// <summary>O que se sabe de um RPS e da sua NFS-e. Números são textos: podem não caber em 32 bits.</summary>
  TNfseDocumento = record
    /// <summary>Se há uma NFS-e válida; de um cancelamento, se ela está cancelada.</summary>
    Sucesso: Boolean;
    /// <summary>Não se sabe o que foi feito, pois a resposta se perdeu e a consulta não a encontrou. Consulte pelo
    /// <c>IDUnico</c> antes de enviar de novo.</summary>
    Incerto: Boolean;
    /// <summary>Foi recebido, e ainda não está decidido (erro 7003): consulte daqui a pouco.</summary>
    Pendente: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>O número do RPS.</summary>
    Numero: string;
    /// <summary>A série do RPS.</summary>
    Serie: string;
    /// <summary>Como o InvoiCy reconhece o RPS, em até 200 caracteres. Guarde-o: por ele se consulta.</summary>
    IDUnico: string;
    /// <summary>A chave de acesso da NFS-e; vazia se não há.</summary>
    Chave: string;
    /// <summary>O protocolo.</summary>
    Protocolo: string;
    /// <summary>O número da NFS-e; vazio se ainda não há.</summary>
    NFSeNumero: string;
    /// <summary>O código de verificação da NFS-e.</summary>
    CodVerificacao: string;
    /// <summary>Quando foi autorizada, como o InvoiCy escreve.</summary>
    AutorizadaEm: string;
    /// <summary>A situação, como o InvoiCy a diz.</summary>
    Situacao: TNfseSituacao;
    /// <summary>O endereço do PDF, se informado.</summary>
    LinkPdf: string;
    /// <summary>O endereço do XML, se informado.</summary>
    LinkXml: string;
    /// <summary>O PDF gravado em <c>Pasta</c>; vazio se não foi.</summary>
    ArquivoPdf: string;
    /// <summary>O XML gravado em <c>Pasta</c>; vazio se não foi.</summary>
    ArquivoXml: string;
    /// <summary>Quando vence o certificado da empresa, se o InvoiCy o diz.</summary>
    CertificadoVencimento: string;
    /// <summary>O que merece atenção, pronto para mostrar.</summary>
    Avisos: TAvTextos;
    /// <summary>Por que não teve sucesso.</summary>
    Erros: TAvErros;
  end;

  /// <summary>Documentos; de um envio, na ordem em que foram dados.</summary>
  TNfseDocumentos = array of TNfseDocumento;

  /// <summary>O resultado de um envio ou de uma consulta de vários.</summary>
  TNfseLote = record
    /// <summary>Se há uma NFS-e válida de cada um.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>O que se sabe de cada um.</summary>
    Documentos: TNfseDocumentos;
    /// <summary>Quantos têm NFS-e válida.</summary>
    Autorizados: Integer;
    /// <summary>Quantos ainda não estão decididos.</summary>
    Pendentes: Integer;
    /// <summary>De quantos não se sabe o que foi feito.</summary>
    Incertos: Integer;
    /// <summary>Por que não teve sucesso: um erro de todos, ou o do primeiro que tem um.</summary>
    Erros: TAvErros;
  end;

  /// <summary>O resultado de <c>Espelho</c>.</summary>
  TNfseArquivo = record
    /// <summary>Se o PDF está gravado, inteiro.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>O arquivo gravado.</summary>
    Arquivo: string;
    /// <summary>O tamanho, em bytes.</summary>
    Bytes: Integer;
    /// <summary>O que se sabe da NFS-e; se está cancelada, os avisos o dizem.</summary>
    Documento: TNfseDocumento;
    /// <summary>Por que não está gravado; o que havia antes no lugar dele continua como era.</summary>
    Erros: TAvErros;
  end;

  /// <summary>O resultado de <c>ComunicacaoCK</c>.</summary>
  TNfseCk = record
    /// <summary>Se a chave foi calculada.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>A chave de comunicação, em 32 dígitos hexadecimais.</summary>
    CK: string;
    /// <summary>O XML linearizado: o texto que deve ser enviado com ela.</summary>
    Linearizado: string;
    /// <summary>O tamanho dele em UTF-8.</summary>
    Bytes: Integer;
    /// <summary>O que havia de estranho no XML, pronto para mostrar.</summary>
    Avisos: TAvTextos;
    /// <summary>Por que não foi calculada.</summary>
    Erros: TAvErros;
  end;

  /// <summary>Por que uma NFS-e é cancelada.</summary>
  TNfseMotivo = (
    /// <summary>Erro na emissão.</summary>
    nfseErroNaEmissao = 1,
    /// <summary>O serviço não foi prestado.</summary>
    nfseServicoNaoPrestado = 2,
    /// <summary>A NFS-e é duplicata de outra.</summary>
    nfseDuplicidade = 4);

  /// <summary>Recebe o resultado de <c>EnviarEmSegundoPlano</c>.</summary>
  TNfseFimEvent = procedure(Sender: TObject; const Lote: TNfseLote) of object;

  /// <summary>Envia RPS, acompanha e cancela NFS-e pelo InvoiCy.</summary>
  /// <remarks>Cada método espera pela resposta, e um envio pode demorar minutos: na thread principal há
  /// <c>EnviarEmSegundoPlano</c>. O mesmo pedido, byte por byte, só é feito três vezes por hora (erro 7006), pois na quarta
  /// o InvoiCy bloqueia a empresa: não consulte num laço, use <c>Aguardar</c>.</remarks>
  TNfse = class(TAvComponente)
  private
    FChaveAcesso: string;
    FChaveParceiro: string;
    FCnpj: string;
    FAmbiente: Integer;
    FAguardar: Integer;
    FPasta: string;
    FOnFim: TNfseFimEvent;
    function Request(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
    function SendRequest(const Documents: UTF8String): UTF8String;
    function Question(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
    function AskAbout(const Which: array of UTF8String): TNfseLote;
    function SaveMirror(const Arquivo: string; const Which: array of UTF8String): TNfseArquivo;
    procedure SendInBackground(const Documents: UTF8String);
  public
    /// <summary>Envia um RPS. O mesmo RPS enviado de novo é reconhecido pelo <c>IDUnico</c>, e volta a mesma NFS-e.</summary>
    /// <remarks>Se a resposta se perde, é consultado, e nunca enviado duas vezes. Sem <c>IDUnico</c> no documento, a biblioteca
    /// o põe, feito de ambiente, CNPJ, tipo, série e número.</remarks>
    /// <param name="Rps">O XML; ou o arquivo em que ele está; ou um objeto JSON com os nomes dos elementos.</param>
    function Enviar(const Rps: string): TNfseDocumento; overload;

    /// <summary>Envia vários RPS, em quantos pedidos for preciso. O InvoiCy os recebe, e decide depois: use
    /// <c>Aguardar</c>, ou consulte.</summary>
    /// <param name="Documentos">Cada um como em <c>Enviar</c> de um só, acrescentado por <c>Add</c>.</param>
    function Enviar(Documentos: TStrings): TNfseLote; overload;

    /// <summary>Envia um RPS em segundo plano, e volta logo. O resultado vem em <c>OnFim</c>.</summary>
    /// <param name="Rps">O XML, o arquivo ou o JSON.</param>
    procedure EnviarEmSegundoPlano(const Rps: string); overload;

    /// <summary>Envia vários RPS em segundo plano, e volta logo. O resultado vem em <c>OnFim</c>.</summary>
    /// <remarks>Para a thread principal, e nela vêm os eventos. Uma chamada de cada vez por objeto (<c>EmAndamento</c>). O objeto
    /// pode ser liberado enquanto isso, mas os RPS podem já ter sido enviados: consulte-os depois.</remarks>
    /// <param name="Documentos">Cada um como em <c>Enviar</c>.</param>
    procedure EnviarEmSegundoPlano(Documentos: TStrings); overload;

    /// <summary>Consulta o que foi feito de um RPS; não decidido, espera até <c>Aguardar</c> segundos.</summary>
    /// <param name="IDUnico">O <c>IDUnico</c> dele, como veio do envio.</param>
    function Consultar(const IDUnico: string): TNfseDocumento;

    /// <summary>Consulta uma NFS-e pela chave de acesso.</summary>
    /// <param name="Chave">A chave.</param>
    function ConsultarChave(const Chave: string): TNfseDocumento;

    /// <summary>Consulta os RPS de uma série, de um número a outro. Vêm os que existem.</summary>
    /// <param name="Serie">A série.</param>
    /// <param name="De">O primeiro número.</param>
    /// <param name="Ate">O último; vazio: só o primeiro.</param>
    function ConsultarNumeros(const Serie, De: string; const Ate: string = ''): TNfseLote;

    /// <summary>Consulta os RPS emitidos de um dia a outro. Vêm os que existem.</summary>
    /// <param name="Inicio">O primeiro dia.</param>
    /// <param name="Fim">O último dia.</param>
    function ConsultarPeriodo(Inicio, Fim: TDateTime): TNfseLote;

    /// <summary>Cancela uma NFS-e. Sem resposta clara, consulta se foi cancelada.</summary>
    /// <param name="NFSeNumero">O número da NFS-e.</param>
    /// <param name="Serie">A série do RPS.</param>
    /// <param name="Numero">O número do RPS.</param>
    /// <param name="Motivo">Por quê.</param>
    /// <param name="Justificativa">O mesmo em palavras, em até 100 caracteres.</param>
    function Cancelar(const NFSeNumero, Serie, Numero: string; Motivo: TNfseMotivo;
      const Justificativa: string): TNfseDocumento; overload;

    /// <summary>Cancela a NFS-e que um envio ou uma consulta deu.</summary>
    /// <param name="Documento">Qual.</param>
    /// <param name="Motivo">Por quê.</param>
    /// <param name="Justificativa">O mesmo em palavras, em até 100 caracteres.</param>
    function Cancelar(const Documento: TNfseDocumento; Motivo: TNfseMotivo;
      const Justificativa: string): TNfseDocumento; overload;

    /// <summary>Grava o espelho da NFS-e, em PDF.</summary>
    /// <param name="IDUnico">O <c>IDUnico</c> do RPS.</param>
    /// <param name="Arquivo">Onde; o que existe é trocado inteiro, ou fica como era.</param>
    function Espelho(const IDUnico, Arquivo: string): TNfseArquivo;

    /// <summary>Grava o espelho da NFS-e que tem esta chave de acesso.</summary>
    /// <param name="Chave">A chave.</param>
    /// <param name="Arquivo">Onde.</param>
    function EspelhoPelaChave(const Chave, Arquivo: string): TNfseArquivo;

    /// <summary>Grava o espelho da NFS-e que este RPS deu.</summary>
    /// <param name="Serie">A série do RPS.</param>
    /// <param name="Numero">O número do RPS.</param>
    /// <param name="Arquivo">Onde.</param>
    function EspelhoDoRps(const Serie, Numero, Arquivo: string): TNfseArquivo;

    /// <summary>Calcula a chave de comunicação (CK) de um XML, com a <c>ChaveAcesso</c>; nada é enviado. Os outros métodos a
    /// calculam por si.</summary>
    /// <param name="XmlOuArquivo">O XML, ou o arquivo em que ele está.</param>
    function ComunicacaoCK(const XmlOuArquivo: string): TNfseCk;

    /// <summary>A chave de acesso da empresa no InvoiCy. Vazia: a dos ajustes, <c>invoicy.chave_acesso</c>.</summary>
    property ChaveAcesso: string read FChaveAcesso write FChaveAcesso;
    /// <summary>A chave do parceiro no InvoiCy. Vazia: a dos ajustes, <c>invoicy.chave_parceiro</c>.</summary>
    property ChaveParceiro: string read FChaveParceiro write FChaveParceiro;
    /// <summary>O CNPJ do prestador, com ou sem pontos: para consultar, cancelar e gravar o espelho.</summary>
    property Cnpj: string read FCnpj write FCnpj;
    /// <summary>1: produção; 2: homologação. Para consultar, cancelar e gravar o espelho; não há valor normal.</summary>
    property Ambiente: Integer read FAmbiente write FAmbiente;
    /// <summary>Quantos segundos, de 0 a 600, <c>Enviar</c> e as consultas esperam pelo que não está decidido; perguntam depois de
    /// um terço do tempo, e no fim. 0: não esperam.</summary>
    property Aguardar: Integer read FAguardar write FAguardar;
    /// <summary>A pasta, que já existe, onde <c>Enviar</c> e as consultas gravam o PDF e o XML de cada NFS-e. Vazia: não
    /// gravam.</summary>
    property Pasta: string read FPasta write FPasta;
    /// <summary>Recebe, na thread principal, o resultado de <c>EnviarEmSegundoPlano</c>.</summary>
    property OnFim: TNfseFimEvent read FOnFim write FOnFim;
  end;

/// <summary>Lê a resposta de um envio ou de uma consulta de NFS-e. Para quem chama av_execute por si; a biblioteca deve
/// estar carregada.</summary>
/// <param name="Resposta">O JSON.</param>
function AvLerNfse(const Resposta: string): TNfseLote;

implementation

uses
  AverbadorJson;

type
  // EnviarEmSegundoPlano under way.
  TSending = class(TWorker)
  private
    FResult: TNfseLote;
  protected
    procedure Take(const Reply: UTF8String); override;
    procedure Fail(const Text: string); override;
    procedure Deliver(Owner: TCallOwner); override;
  end;

// Replies, read

function ReadErrors(const Json: UTF8String): TAvErros;
begin
  Result := AvLerErros(AvCopy(PAnsiChar(Json)));
end;

// The text of the first error. '' if there is none.
function FirstText(const Errors: TAvErros): string;
begin
  if Length(Errors) = 0 then
    Result := ''
  else
    Result := Errors[0].Mensagem;
end;

function ReadTexts(const Json: UTF8String; const JsonPointer: AnsiString): TAvTextos;
var
  Items: TJsonItems;
  I: Integer;
begin
  Items := JsonItems(Json, JsonPointer);
  SetLength(Result, Length(Items));
  for I := 0 to High(Items) do
    Result[I] := JsonText(Items[I], '');
end;

procedure TakeErrors(var Documento: TNfseDocumento; const Errors: TAvErros);
begin
  Documento.Erros := Errors;
  Documento.Mensagem := FirstText(Errors);
  Documento.Incerto := (Length(Errors) > 0) and Errors[0].Incerto;
  Documento.Pendente := (Length(Errors) > 0) and (Errors[0].Codigo = AV_ERR_NFSE_PROCESSING);
end;

function ReadDocument(const Json: UTF8String): TNfseDocumento;
begin
  Result.Sucesso := JsonIs(Json, '/status', '1');
  Result.Numero := JsonText(Json, '/numero');
  Result.Serie := JsonText(Json, '/serie');
  Result.IDUnico := JsonText(Json, '/IDUnico');
  Result.Chave := JsonText(Json, '/chave');
  Result.Protocolo := JsonText(Json, '/protocolo');
  Result.NFSeNumero := JsonText(Json, '/NFSeNumero');
  Result.CodVerificacao := JsonText(Json, '/CodVerificacao');
  Result.AutorizadaEm := JsonText(Json, '/autorizada_em');
  Result.Situacao.Nivel := JsonText(Json, '/situacao/nivel');
  Result.Situacao.Codigo := JsonText(Json, '/situacao/codigo');
  Result.Situacao.Texto := JsonText(Json, '/situacao/texto');
  Result.LinkPdf := JsonText(Json, '/links/pdf');
  Result.LinkXml := JsonText(Json, '/links/xml');
  Result.ArquivoPdf := JsonText(Json, '/arquivos/pdf');
  Result.ArquivoXml := JsonText(Json, '/arquivos/xml');
  Result.CertificadoVencimento := JsonText(Json, '/certificado_vencimento');
  Result.Avisos := ReadTexts(Json, '/avisos');
  TakeErrors(Result, ReadErrors(Json));
end;

function ReadLot(const Json: UTF8String): TNfseLote;
var
  Items: TJsonItems;
  I: Integer;
begin
  Items := JsonItems(Json, '/S');
  SetLength(Result.Documentos, Length(Items));
  Result.Autorizados := 0;
  Result.Pendentes := 0;
  Result.Incertos := 0;
  for I := 0 to High(Items) do
  begin
    Result.Documentos[I] := ReadDocument(Items[I]);
    Inc(Result.Autorizados, Ord(Result.Documentos[I].Sucesso));
    Inc(Result.Pendentes, Ord(Result.Documentos[I].Pendente));
    Inc(Result.Incertos, Ord(Result.Documentos[I].Incerto));
  end;
  Result.Sucesso := JsonIs(Json, '/status', '1');
  Result.Erros := ReadErrors(Json);
  Result.Mensagem := FirstText(Result.Erros);
end;

// Of one document: the first, or why there is none.
function OnlyOne(const Lot: TNfseLote): TNfseDocumento;
begin
  if Length(Lot.Documentos) > 0 then
    Result := Lot.Documentos[0]
  else
  begin
    Result := ReadDocument('');
    TakeErrors(Result, Lot.Erros);
  end;
end;

function AvLerNfse(const Resposta: string): TNfseLote;
begin
  Result := ReadLot(AvUtf8(Resposta));
end;

// In the background

procedure TSending.Take(const Reply: UTF8String);
begin
  FResult := ReadLot(Reply);
end;

// It may have come about after the documents were sent.
procedure TSending.Fail(const Text: string);
begin
  FResult := ReadLot('');
  FResult.Erros := TNfse.OneError(AV_ERR_BUG, Text);
  FResult.Erros[0].Incerto := True;
  FResult.Mensagem := Text;
end;

procedure TSending.Deliver(Owner: TCallOwner);
begin
  if Assigned(TNfse(Owner).FOnFim) then
    TNfse(Owner).FOnFim(Owner, FResult);
end;

// Requests

// An RPS as it goes into the request: the library tells XML and paths apart by itself.
function DocumentJson(const Rps: string): UTF8String;
begin
  if Copy(TrimLeft(Rps), 1, 1) = '{' then
    Result := AvUtf8(Rps)
  else
    Result := JsonQuoted(Rps);
end;

function DocumentsJson(Documentos: TStrings): UTF8String;
var
  Pieces: TJsonItems;
  I: Integer;
begin
  SetLength(Pieces, 2 * Documentos.Count);
  for I := 0 to Documentos.Count - 1 do
  begin
    if I > 0 then
      Pieces[2 * I] := ',';
    Pieces[2 * I + 1] := DocumentJson(string(Documentos[I]));
  end;
  Result := JsonJoin(['[', JsonJoin(Pieces), ']']);
end;

function Day(const Value: TDateTime): string;
begin
  Result := FormatDateTime('yyyy"-"mm"-"dd', Value);
end;

// The class itself

function TNfse.Request(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
begin
  Result := JsonRequest(Mode, [JsonField('chave_acesso', FChaveAcesso), JsonField('chave_parceiro', FChaveParceiro),
    JsonJoin(Fields)]);
end;

function TNfse.SendRequest(const Documents: UTF8String): UTF8String;
begin
  Result := Request('nfseEnvia', [JsonRawField('documentos', Documents), JsonField('pasta', FPasta),
    JsonNumberField('aguardar_s', FAguardar)]);
end;

function TNfse.Question(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
begin
  Result := Request(Mode, [JsonField('CNPJ', FCnpj), JsonNumberField('tpAmb', FAmbiente), JsonJoin(Fields)]);
end;

function TNfse.Enviar(const Rps: string): TNfseDocumento;
begin
  Result := OnlyOne(ReadLot(Ask(SendRequest(DocumentJson(Rps)))));
end;

function TNfse.Enviar(Documentos: TStrings): TNfseLote;
begin
  Result := ReadLot(Ask(SendRequest(DocumentsJson(Documentos))));
end;

procedure TNfse.SendInBackground(const Documents: UTF8String);
begin
  NeedBackground('EnviarEmSegundoPlano');
  TSending.Create(Self, SendRequest(Documents));
end;

procedure TNfse.EnviarEmSegundoPlano(const Rps: string);
begin
  SendInBackground(DocumentJson(Rps));
end;

procedure TNfse.EnviarEmSegundoPlano(Documentos: TStrings);
begin
  SendInBackground(DocumentsJson(Documentos));
end;

function TNfse.AskAbout(const Which: array of UTF8String): TNfseLote;
begin
  Result := ReadLot(Ask(Question('nfseConsulta', [JsonJoin(Which), JsonField('pasta', FPasta),
    JsonNumberField('aguardar_s', FAguardar)])));
end;

function TNfse.Consultar(const IDUnico: string): TNfseDocumento;
begin
  Result := OnlyOne(AskAbout([JsonField('id_unico', IDUnico)]));
end;

function TNfse.ConsultarChave(const Chave: string): TNfseDocumento;
begin
  Result := OnlyOne(AskAbout([JsonField('chave', Chave)]));
end;

function TNfse.ConsultarNumeros(const Serie, De: string; const Ate: string): TNfseLote;
begin
  Result := AskAbout([JsonField('serie', Serie), JsonField('numero_inicial', De), JsonField('numero_final', Ate)]);
end;

function TNfse.ConsultarPeriodo(Inicio, Fim: TDateTime): TNfseLote;
begin
  Result := AskAbout([JsonField('inicio', Day(Inicio)), JsonField('fim', Day(Fim))]);
end;

function TNfse.Cancelar(const NFSeNumero, Serie, Numero: string; Motivo: TNfseMotivo;
  const Justificativa: string): TNfseDocumento;
begin
  Result := ReadDocument(Ask(Question('nfseCancela', [JsonField('NFSeNumero', NFSeNumero), JsonField('RPSSerie', Serie),
    JsonField('RPSNumero', Numero), JsonNumberField('EveCodigo', Ord(Motivo)), JsonField('EveMotivo', Justificativa)])));
end;

function TNfse.Cancelar(const Documento: TNfseDocumento; Motivo: TNfseMotivo;
  const Justificativa: string): TNfseDocumento;
begin
  Result := Cancelar(Documento.NFSeNumero, Documento.Serie, Documento.Numero, Motivo, Justificativa);
end;

function TNfse.SaveMirror(const Arquivo: string; const Which: array of UTF8String): TNfseArquivo;
var
  Reply: UTF8String;
begin
  Reply := Ask(Question('nfseEspelho', [JsonJoin(Which), JsonField('arquivo', Arquivo)]));
  Result.Sucesso := JsonIs(Reply, '/status', '1');
  Result.Arquivo := JsonText(Reply, '/arquivo');
  Result.Bytes := JsonNumber(Reply, '/bytes');
  Result.Documento := ReadDocument(Reply);
  Result.Erros := Result.Documento.Erros;
  Result.Mensagem := Result.Documento.Mensagem;
end;

function TNfse.Espelho(const IDUnico, Arquivo: string): TNfseArquivo;
begin
  Result := SaveMirror(Arquivo, [JsonField('id_unico', IDUnico)]);
end;

function TNfse.EspelhoPelaChave(const Chave, Arquivo: string): TNfseArquivo;
begin
  Result := SaveMirror(Arquivo, [JsonField('chave', Chave)]);
end;

function TNfse.EspelhoDoRps(const Serie, Numero, Arquivo: string): TNfseArquivo;
begin
  Result := SaveMirror(Arquivo, [JsonField('serie', Serie), JsonField('numero', Numero)]);
end;

function TNfse.ComunicacaoCK(const XmlOuArquivo: string): TNfseCk;
var
  Which, Reply: UTF8String;
begin
  if (Pos('<', XmlOuArquivo) > 0) or (Pos('&lt;', XmlOuArquivo) > 0) then
    Which := JsonField('xml', XmlOuArquivo)
  else
    Which := JsonField('arquivo', XmlOuArquivo);
  Reply := Ask(JsonRequest('invoicyCK', [JsonField('chave_acesso', FChaveAcesso), Which]));
  Result.Sucesso := JsonIs(Reply, '/status', '1');
  Result.CK := JsonText(Reply, '/CK');
  Result.Linearizado := JsonText(Reply, '/linearizado');
  Result.Bytes := JsonNumber(Reply, '/bytes');
  Result.Avisos := ReadTexts(Reply, '/avisos');
  Result.Erros := ReadErrors(Reply);
  Result.Mensagem := FirstText(Result.Erros);
end;

end.
