unit AverbadorMdfe;

// A classe TMdfe: emite, acompanha, encerra e cancela MDF-e pelo Webmania, por averbador.dll. Delphi 7 e posteriores,
// Free Pascal.
//
//   Mdfe := TMdfe.Create(Self); // o formulário o libera
//   Mdfe.Token := Token; // ou nos ajustes, webmania.token
//   Mdfe.Averbador := Porto; // um TAverbador: os CT-e são averbados antes, e os números entram no documento
//   Mdfe.Ctes.Add('C:\cte\cte.xml');
//   Resultado := Mdfe.Emitir('C:\mdfe\viagem.json');
//   if Resultado.Sucesso then
//     Mdfe.BaixarPdf(Resultado.Chave, 'C:\mdfe\damdfe.pdf')
//   else
//     ShowMessage(Resultado.Mensagem);
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
  /// <summary>O que foi feito de um MDF-e, na palavra do Webmania.</summary>
  TMdfeSituacao = (
    /// <summary>Não se sabe: não chegou a ser emitido, ou a resposta se perdeu. Veja os erros.</summary>
    mdfeNenhuma,
    /// <summary>A Sefaz ainda não decidiu: consulte daqui a pouco; não emita outro.</summary>
    mdfeProcessando,
    /// <summary>Autorizado: a viagem pode começar.</summary>
    mdfeAprovado,
    /// <summary>Rejeitado pela Sefaz: o motivo diz por quê.</summary>
    mdfeReprovado,
    /// <summary>Emitido em contingência: imprima o DAMDFE e consulte depois.</summary>
    mdfeContingencia,
    /// <summary>Encerrado.</summary>
    mdfeEncerrado,
    /// <summary>Cancelado.</summary>
    mdfeCancelado,
    /// <summary>Uma que só uma biblioteca mais nova conhece: veja <c>NomeDaSituacao</c>.</summary>
    mdfeOutra);

  /// <summary>Um problema do documento, ou algo em que se deve pensar.</summary>
  TMdfeApontamento = record
    /// <summary>O campo, como em <c>TMdfeDocumento.Definir</c>: <c>/rodoviario/veiculo_tracao/placa</c>. Vazio se não é de
    /// nenhum em especial.</summary>
    Campo: string;
    /// <summary>A rejeição que a Sefaz daria; 0 se nenhuma.</summary>
    Rejeicao: Integer;
    /// <summary>O que há de errado, pronto para mostrar.</summary>
    Mensagem: string;
    /// <summary>O que fazer, pronto para mostrar.</summary>
    Acao: string;
  end;

  /// <summary>Apontamentos, todos de uma vez.</summary>
  TMdfeApontamentos = array of TMdfeApontamento;

  /// <summary>Outro MDF-e, de que uma resposta fala.</summary>
  TMdfeOutro = record
    /// <summary>A chave de acesso; vazia se não há outro.</summary>
    Chave: string;
    /// <summary>O protocolo da autorização, se informado.</summary>
    Protocolo: string;
    /// <summary>O número único no Webmania, se informado.</summary>
    Uuid: string;
    /// <summary>A situação, se informada.</summary>
    Situacao: TMdfeSituacao;
  end;

  /// <summary>O resultado das operações com um MDF-e.</summary>
  TMdfeResultado = record
    /// <summary>Se foi feito o que se pediu: emitido e aprovado (ou em contingência), encerrado, cancelado...</summary>
    Sucesso: Boolean;
    /// <summary>Não se sabe se foi feito, pois a resposta se perdeu. Não emita de novo antes de conferir no painel do
    /// Webmania ou de receber a notificação; de um evento, consulte.</summary>
    Incerto: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar. Com pendências, mostre também cada uma.</summary>
    Mensagem: string;
    /// <summary>O número único no Webmania, de 36 caracteres. Guarde-o assim que vier.</summary>
    Uuid: string;
    /// <summary>A chave de acesso, de 44 caracteres.</summary>
    Chave: string;
    /// <summary>A série; 0 se não informada.</summary>
    Serie: Integer;
    /// <summary>O número, que o Webmania escolhe; 0 se não informado.</summary>
    Numero: Integer;
    /// <summary>O que foi feito dele.</summary>
    Situacao: TMdfeSituacao;
    /// <summary>O mesmo na palavra do Webmania, para guardar: <c>aprovado</c>, <c>reprovado</c>...</summary>
    NomeDaSituacao: string;
    /// <summary>Por que está assim, nas palavras da Sefaz.</summary>
    Motivo: string;
    /// <summary>O endereço do XML: para <c>BaixarXml</c>.</summary>
    Xml: string;
    /// <summary>O endereço do DAMDFE: para <c>BaixarPdf</c>.</summary>
    Damdfe: string;
    /// <summary>O que a Sefaz respondeu, como veio, em JSON; para o suporte.</summary>
    Log: string;
    /// <summary>O que seria rejeitado; por isso nada foi enviado (erro 6002). Vêm todas de uma vez.</summary>
    Pendencias: TMdfeApontamentos;
    /// <summary>O que merece atenção, embora tenha sido enviado.</summary>
    Avisos: TMdfeApontamentos;
    /// <summary>O MDF-e que é preciso encerrar antes (erro 6007): ofereça isso ao usuário, e emita de novo.</summary>
    MdfeAberto: TMdfeOutro;
    /// <summary>O MDF-e que já existe em lugar deste (erro 6008).</summary>
    MdfeExistente: TMdfeOutro;
    /// <summary>A averbação dos CT-e, se foi pedida junto: grave os protocolos, qualquer que seja o resultado do
    /// MDF-e.</summary>
    Averbacao: TAvLote;
    /// <summary>A etapa em que falhou, como em <c>TAvProgresso.NomeDaEtapa</c>. Vazia se não falhou em nenhuma.</summary>
    Etapa: string;
    /// <summary>Por que não teve sucesso.</summary>
    Erros: TAvErros;
  end;

  /// <summary>O resultado de <c>BaixarPdf</c> e <c>BaixarXml</c>.</summary>
  TMdfeArquivo = record
    /// <summary>Se o arquivo está gravado, inteiro.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>O arquivo gravado.</summary>
    Arquivo: string;
    /// <summary>O tamanho, em bytes.</summary>
    Bytes: Integer;
    /// <summary>Por que não está gravado; o que havia antes no lugar dele continua como era.</summary>
    Erros: TAvErros;
  end;

  /// <summary>Uma das regras pelas quais um documento é conferido.</summary>
  TMdfeRegra = record
    /// <summary>A rejeição da Sefaz.</summary>
    Rejeicao: Integer;
    /// <summary>Se é pendência, e o documento não é enviado; senão é aviso.</summary>
    Impede: Boolean;
    /// <summary>O que há de errado.</summary>
    Mensagem: string;
    /// <summary>O que fazer.</summary>
    Acao: string;
  end;

  /// <summary>As regras.</summary>
  TMdfeRegras = array of TMdfeRegra;

  /// <summary>O documento de um MDF-e, montado campo por campo, sem biblioteca de JSON.</summary>
  /// <remarks>Os campos são os da documentação do Webmania, por seus caminhos:
  /// <c>Definir('rodoviario/veiculo_tracao/placa', 'ABC1D23')</c>. Objetos e listas surgem no caminho. Um número no caminho
  /// é uma posição de uma lista, a partir de 0; <c>-</c> é uma posição nova no fim. Um caminho que contradiz o que já há
  /// levanta EAverbadorUso.</remarks>
  TMdfeDocumento = class
  private
    FRoot: TObject; // TNode
    procedure Put(const Caminho: string; const Json: UTF8String);
    function GetJson: string;
  public
    /// <summary>Cria um documento vazio.</summary>
    constructor Create;
    /// <summary>Libera o documento.</summary>
    destructor Destroy; override;

    /// <summary>Define um campo. Vazio: o campo não vai.</summary>
    /// <param name="Caminho">Onde, por exemplo <c>descarregamento/0/nome_municipio</c>.</param>
    /// <param name="Valor">O texto; códigos e números também podem ir como texto.</param>
    procedure Definir(const Caminho, Valor: string); overload;

    /// <summary>Define um campo que é número inteiro.</summary>
    /// <param name="Caminho">Onde.</param>
    /// <param name="Valor">O número.</param>
    procedure Definir(const Caminho: string; Valor: Integer); overload;

    /// <summary>Define um valor ou um peso: com ponto e tantas casas, quaisquer que sejam os ajustes do Windows.</summary>
    /// <param name="Caminho">Onde, por exemplo <c>valor_carga</c>, com 2 casas, ou <c>peso_bruto</c>, com 4.</param>
    /// <param name="Valor">O número.</param>
    /// <param name="Casas">Quantas casas decimais.</param>
    procedure DefinirDecimal(const Caminho: string; const Valor: Extended; Casas: Integer);

    /// <summary>Define uma data com hora.</summary>
    /// <param name="Caminho">Onde, por exemplo <c>data_inicio_viagem</c>.</param>
    /// <param name="Valor">A data e a hora; 0: o campo não vai.</param>
    procedure DefinirDataHora(const Caminho: string; Valor: TDateTime);

    /// <summary>Define um campo que é sim ou não.</summary>
    /// <param name="Caminho">Onde.</param>
    /// <param name="Valor">Sim ou não.</param>
    procedure DefinirLogico(const Caminho: string; Valor: Boolean);

    /// <summary>Acrescenta uma posição ao fim de uma lista, e diz o caminho dela, para definir o que há nela.</summary>
    /// <param name="Lista">O caminho da lista, por exemplo <c>descarregamento</c>.</param>
    function Acrescentar(const Lista: string): string;

    /// <summary>Esvazia o documento.</summary>
    procedure Limpar;

    /// <summary>O documento em JSON, como será enviado.</summary>
    property Json: string read GetJson;
  end;

  /// <summary>Recebe o resultado de <c>EmitirEmSegundoPlano</c>.</summary>
  TMdfeFimEvent = procedure(Sender: TObject; const Resultado: TMdfeResultado) of object;

  /// <summary>Emite, acompanha, encerra e cancela MDF-e pelo Webmania.</summary>
  /// <remarks>Cada método espera pela resposta, e uma emissão pode demorar minutos: na thread principal há
  /// <c>EmitirEmSegundoPlano</c>. Onde se pede <c>ChaveOuUuid</c>, serve a chave de acesso ou o número único do
  /// Webmania.</remarks>
  TMdfe = class(TAvComponente)
  private
    FToken: string;
    FAguardar: Integer;
    FAverbador: TAverbador;
    FCtes: TStringList;
    FNumbers: TStringList; // Chave=Protocolo
    FContingenciaAverbacao: Boolean;
    FOnFim: TMdfeFimEvent;
    function GetCtes: TStrings;
    procedure SetAverbador(Value: TAverbador);
    function Request(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
    function EmissionRequest(const Json: UTF8String; OnlyCheck: Boolean): UTF8String;
    function Endorsing: UTF8String;
    function Endorsements: UTF8String;
    procedure KeepSession(const Session: string);
    function Emit(const Json: UTF8String; OnlyCheck: Boolean): TMdfeResultado;
    function Fetch(const Kind, ChaveOuUrl, Arquivo: string): TMdfeArquivo;
    procedure EmitInBackground(const Json: UTF8String);
  protected
    procedure Notification(AComponent: TComponent; Operation: TOperation); override;
  public
    /// <summary>Cria o objeto; a biblioteca só é carregada na primeira chamada.</summary>
    /// <param name="AOwner">Quem o libera, como um formulário; ou nil.</param>
    constructor Create(AOwner: TComponent); override;

    /// <summary>Libera o objeto, a qualquer momento, sem esperar pela rede. Uma emissão em segundo plano pode já ter sido
    /// enviada, e então ninguém ouve a resposta: prefira esperar por <c>OnFim</c>.</summary>
    destructor Destroy; override;

    /// <summary>Confere e emite um MDF-e. Com pendências, nada é enviado; e nada é enviado duas vezes.</summary>
    /// <remarks>Havendo <c>Ctes</c>, eles são averbados antes. Espera pela decisão da Sefaz até <c>Aguardar</c> segundos: se
    /// ela não vem, o erro é 6004, e depois se consulta.</remarks>
    /// <param name="Documento">O documento, em JSON; ou o arquivo em que ele está, em UTF-8.</param>
    function Emitir(const Documento: string): TMdfeResultado; overload;

    /// <summary>Confere e emite um MDF-e montado campo por campo.</summary>
    /// <param name="Documento">O documento.</param>
    function Emitir(Documento: TMdfeDocumento): TMdfeResultado; overload;

    /// <summary>Emite em segundo plano, e volta logo. O resultado vem em <c>OnFim</c>.</summary>
    /// <remarks>Para a thread principal, e nela vêm os eventos. Uma de cada vez por objeto (<c>EmAndamento</c>). O objeto
    /// pode ser liberado enquanto isso, mas a emissão pode já ter sido enviada: guarde <c>Uuid</c> em <c>OnFim</c>. Se o
    /// arquivo não pode ser lido, <c>OnFim</c> vem logo.</remarks>
    /// <param name="Documento">O documento, em JSON; ou o arquivo em que ele está.</param>
    procedure EmitirEmSegundoPlano(const Documento: string); overload;

    /// <summary>Emite em segundo plano um MDF-e montado campo por campo. O resultado vem em <c>OnFim</c>.</summary>
    /// <param name="Documento">O documento; pode ser liberado ou mudado logo depois.</param>
    procedure EmitirEmSegundoPlano(Documento: TMdfeDocumento); overload;

    /// <summary>Só confere: nada é enviado nem averbado.</summary>
    /// <param name="Documento">O documento, em JSON; ou o arquivo em que ele está.</param>
    function Validar(const Documento: string): TMdfeResultado; overload;

    /// <summary>Só confere: nada é enviado nem averbado.</summary>
    /// <param name="Documento">O documento.</param>
    function Validar(Documento: TMdfeDocumento): TMdfeResultado; overload;

    /// <summary>Consulta o que foi feito de um MDF-e; em processamento, espera até <c>Aguardar</c> segundos.</summary>
    /// <param name="ChaveOuUuid">Qual.</param>
    function Consultar(const ChaveOuUuid: string): TMdfeResultado;

    /// <summary>Encerra um MDF-e: no fim da viagem, ou antes de emitir outro para a mesma placa.</summary>
    /// <param name="ChaveOuUuid">Qual.</param>
    /// <param name="Uf">A UF em que a viagem terminou.</param>
    /// <param name="Municipio">O município em que a viagem terminou.</param>
    /// <param name="CodigoMunicipio">O código dele no IBGE, se o nome não basta.</param>
    function Encerrar(const ChaveOuUuid, Uf, Municipio: string; const CodigoMunicipio: string = ''): TMdfeResultado;

    /// <summary>Cancela um MDF-e: até 24 horas depois da autorização, e antes do início da viagem.</summary>
    /// <param name="ChaveOuUuid">Qual.</param>
    /// <param name="Justificativa">Por quê, em 15 a 255 caracteres.</param>
    function Cancelar(const ChaveOuUuid, Justificativa: string): TMdfeResultado;

    /// <summary>Inclui um condutor num MDF-e rodoviário.</summary>
    /// <param name="ChaveOuUuid">Qual.</param>
    /// <param name="Nome">O nome do condutor.</param>
    /// <param name="Cpf">O CPF dele, com ou sem pontos.</param>
    function IncluirCondutor(const ChaveOuUuid, Nome, Cpf: string): TMdfeResultado;

    /// <summary>Grava o DAMDFE, em PDF.</summary>
    /// <param name="ChaveOuUrl">A chave de acesso, ou <c>TMdfeResultado.Damdfe</c>.</param>
    /// <param name="Arquivo">Onde; o que existe é trocado inteiro, ou fica como era.</param>
    function BaixarPdf(const ChaveOuUrl, Arquivo: string): TMdfeArquivo;

    /// <summary>Grava o XML autorizado.</summary>
    /// <param name="ChaveOuUrl">A chave de acesso, ou <c>TMdfeResultado.Xml</c>.</param>
    /// <param name="Arquivo">Onde; o que existe é trocado inteiro, ou fica como era.</param>
    function BaixarXml(const ChaveOuUrl, Arquivo: string): TMdfeArquivo;

    /// <summary>Lê uma notificação que o servidor web do ERP recebeu (<c>url_notificacao</c>). Ela não é assinada: confirme por
    /// <c>Consultar</c> o que importa.</summary>
    /// <param name="Corpo">O corpo recebido, como texto do Delphi; de bytes em UTF-8, passe <c>Utf8Decode(Bytes)</c>.</param>
    function LerNotificacao(const Corpo: string): TMdfeResultado; overload;

    /// <summary>Lê uma notificação, e a recusa (erro 6011) se não traz o segredo combinado.</summary>
    /// <param name="Corpo">O corpo recebido.</param>
    /// <param name="Segredo">O segredo que se pôs no endereço em <c>url_notificacao</c>; vazio levanta EAverbadorUso.</param>
    /// <param name="SegredoRecebido">O que veio no endereço chamado.</param>
    function LerNotificacao(const Corpo, Segredo, SegredoRecebido: string): TMdfeResultado; overload;

    /// <summary>As regras pelas quais um documento é conferido.</summary>
    function Regras: TMdfeRegras;

    /// <summary>Informa o número da averbação de um CT-e, guardado antes. O que não é deste MDF-e não é usado.</summary>
    /// <param name="Chave">A chave de acesso do CT-e.</param>
    /// <param name="Protocolo">O número da averbação.</param>
    procedure UsarAverbacao(const Chave, Protocolo: string);

    /// <summary>Informa os números que <c>TAverbador.Averbar</c> ou <c>Consultar</c> deu.</summary>
    /// <param name="Lote">O resultado.</param>
    procedure UsarAverbacoes(const Lote: TAvLote);

    /// <summary>Esquece os números informados.</summary>
    procedure LimparAverbacoes;

    /// <summary>O Access Token da API 2.0 do Webmania. Vazio: o dos ajustes, <c>webmania.token</c>.</summary>
    property Token: string read FToken write FToken;
    /// <summary>Quantos segundos, de 0 a 600, <c>Emitir</c> e <c>Consultar</c> esperam pela decisão da Sefaz. 0: não
    /// esperam.</summary>
    property Aguardar: Integer read FAguardar write FAguardar;
    /// <summary>Quem averba os <c>Ctes</c>, com usuário, senha e sessão dele; a sessão nova fica nele.</summary>
    property Averbador: TAverbador read FAverbador write SetAverbador;
    /// <summary>Os XML dos CT-e a averbar antes de emitir, um por linha; ou pastas e ZIPs deles. Precisa de
    /// <c>Averbador</c>. O que já está averbado não é enviado de novo.</summary>
    property Ctes: TStrings read GetCtes;
    /// <summary>Emitir também com CT-e sem averbação: 99999 no lugar do número. É decisão da transportadora, que o usuário
    /// toma a cada viagem; fica nos avisos.</summary>
    property ContingenciaAverbacao: Boolean read FContingenciaAverbacao write FContingenciaAverbacao;
    /// <summary>Recebe, na thread principal, o resultado de <c>EmitirEmSegundoPlano</c>.</summary>
    property OnFim: TMdfeFimEvent read FOnFim write FOnFim;
  end;

/// <summary>Lê a resposta de uma operação com um MDF-e. Para quem chama av_execute por si; a biblioteca deve estar
/// carregada.</summary>
/// <param name="Resposta">O JSON.</param>
function AvLerMdfe(const Resposta: string): TMdfeResultado;

implementation

uses
  AverbadorJson;

type
  // A part of a document: an object, a list, or a single value.
  TNode = class
  private
    FName: string; // as a member of an object
    FKind: (nkOpen, nkValue, nkObject, nkList);
    FJson: UTF8String; // of a single value; '' is none
    FParts: TList; // of TNode
    procedure Become(List: Boolean; const Path: string);
    function AddPart(const Name: string): TNode;
    function PartAt(const Place, Path: string): TNode;
    function PartNamed(const Name, Path: string): TNode;
  public
    constructor Create(const Name: string);
    destructor Destroy; override;
    function Find(const Path: string): TNode;
    function Json: UTF8String;
  end;

  // EmitirEmSegundoPlano under way.
  TEmission = class(TWorker)
  private
    FResult: TMdfeResultado;
    FSession: string;
  protected
    procedure Take(const Reply: UTF8String); override;
    procedure Fail(const Text: string); override;
    procedure Deliver(Owner: TCallOwner); override;
  end;

// Documents

function IsPlace(const Step: string): Boolean;
var
  I: Integer;
begin
  Result := Step <> '';
  for I := 1 to Length(Step) do
    Result := Result and (Step[I] >= '0') and (Step[I] <= '9');
  Result := Result or (Step = '-');
end;

// The first step of Path, which is taken off it.
function NextStep(var Path: string): string;
var
  Size: Integer;
begin
  Size := Pos('/', Path + '/') - 1;
  Result := Copy(Path, 1, Size);
  Delete(Path, 1, Size + 1);
end;

constructor TNode.Create(const Name: string);
begin
  inherited Create;
  FName := Name;
  FParts := TList.Create;
end;

destructor TNode.Destroy;
var
  I: Integer;
begin
  for I := 0 to FParts.Count - 1 do
    TNode(FParts[I]).Free;
  FParts.Free;
  inherited Destroy;
end;

// It is a list, or an object, if it can be.
procedure TNode.Become(List: Boolean; const Path: string);
begin
  if FKind = nkOpen then
    if List then
      FKind := nkList
    else
      FKind := nkObject;
  if (FKind = nkValue) or ((FKind = nkList) <> List) then
    raise EAverbadorUso.CreateFmt('O caminho "%s" contradiz o que o documento tem em "%s".', [Path, FName]);
end;

function TNode.AddPart(const Name: string): TNode;
begin
  Result := TNode.Create(Name);
  FParts.Add(Result);
end;

function TNode.PartAt(const Place, Path: string): TNode;
var
  Index: Integer;
begin
  Become(True, Path);
  Index := StrToIntDef(Place, FParts.Count); // '-' is a new one
  if Index > FParts.Count then
    raise EAverbadorUso.CreateFmt('O caminho "%s" deixa uma lista com lacunas: ela tem %d.', [Path, FParts.Count]);
  if Index = FParts.Count then
    Result := AddPart(Place)
  else
    Result := TNode(FParts[Index]);
end;

function TNode.PartNamed(const Name, Path: string): TNode;
var
  I: Integer;
begin
  Become(False, Path);
  for I := 0 to FParts.Count - 1 do
  begin
    Result := TNode(FParts[I]);
    if Result.FName = Name then
      Exit;
  end;
  Result := AddPart(Name);
end;

// What is at Path, which comes into being on the way.
function TNode.Find(const Path: string): TNode;
var
  Rest, Step: string;
begin
  Result := Self;
  Rest := Path;
  if Copy(Rest, 1, 1) = '/' then
    Delete(Rest, 1, 1);
  repeat
    Step := NextStep(Rest);
    if Step = '' then
      raise EAverbadorUso.CreateFmt('O caminho "%s" tem um passo vazio.', [Path]);
    if IsPlace(Step) then
      Result := Result.PartAt(Step, Path)
    else
      Result := Result.PartNamed(Step, Path);
  until Rest = '';
end;

// '' if nothing is in it.
function TNode.Json: UTF8String;
var
  Pieces: array of UTF8String;
  Part: UTF8String;
  I, Count: Integer;
begin
  Result := FJson;
  if FKind in [nkOpen, nkValue] then
    Exit;
  SetLength(Pieces, FParts.Count);
  Count := 0;
  for I := 0 to FParts.Count - 1 do
  begin
    Part := TNode(FParts[I]).Json;
    if Part = '' then
      Continue;
    if FKind = nkObject then
      Part := JsonJoin([JsonQuoted(TNode(FParts[I]).FName), ':', Part]);
    if Count > 0 then
      Part := JsonJoin([',', Part]);
    Pieces[Count] := Part;
    Inc(Count);
  end;
  if Count = 0 then
    Result := ''
  else if FKind = nkObject then
    Result := JsonJoin(['{', JsonJoin(Pieces), '}'])
  else
    Result := JsonJoin(['[', JsonJoin(Pieces), ']']);
end;

constructor TMdfeDocumento.Create;
begin
  inherited Create;
  FRoot := TNode.Create('');
end;

destructor TMdfeDocumento.Destroy;
begin
  FRoot.Free;
  inherited Destroy;
end;

procedure TMdfeDocumento.Limpar;
begin
  FRoot.Free;
  FRoot := TNode.Create('');
end;

procedure TMdfeDocumento.Put(const Caminho: string; const Json: UTF8String);
var
  Node: TNode;
begin
  Node := TNode(FRoot).Find(Caminho);
  if Node.FKind in [nkObject, nkList] then
    raise EAverbadorUso.CreateFmt('O caminho "%s" contradiz o que o documento tem nele.', [Caminho]);
  Node.FKind := nkValue;
  Node.FJson := Json;
end;

procedure TMdfeDocumento.Definir(const Caminho, Valor: string);
begin
  if Valor = '' then
    Put(Caminho, '')
  else
    Put(Caminho, JsonQuoted(Valor));
end;

procedure TMdfeDocumento.Definir(const Caminho: string; Valor: Integer);
begin
  Put(Caminho, AvUtf8(IntToStr(Valor)));
end;

procedure TMdfeDocumento.DefinirDecimal(const Caminho: string; const Valor: Extended; Casas: Integer);
var
  Text: string;
begin
  Str(Valor:0:Casas, Text); // always with a point
  Definir(Caminho, Text);
end;

procedure TMdfeDocumento.DefinirDataHora(const Caminho: string; Valor: TDateTime);
begin
  if Valor = 0 then
    Definir(Caminho, '')
  else
    Definir(Caminho, FormatDateTime('yyyy"-"mm"-"dd" "hh":"nn":"ss', Valor));
end;

procedure TMdfeDocumento.DefinirLogico(const Caminho: string; Valor: Boolean);
begin
  if Valor then
    Put(Caminho, 'true')
  else
    Put(Caminho, 'false');
end;

function TMdfeDocumento.Acrescentar(const Lista: string): string;
var
  Node: TNode;
begin
  Node := TNode(FRoot).Find(Lista);
  Node.Become(True, Lista);
  Result := Format('%s/%d', [Lista, Node.FParts.Count]);
  Node.AddPart(Result);
end;

function DocumentJson(Document: TMdfeDocumento): UTF8String;
begin
  Result := TNode(Document.FRoot).Json;
  if Result = '' then
    Result := '{}';
end;

function TMdfeDocumento.GetJson: string;
begin
  Result := AvCopy(PAnsiChar(DocumentJson(Self)));
end;

// Replies, read

function ReadSituation(const Name: string): TMdfeSituacao;
const
  Names: array[mdfeNenhuma..mdfeCancelado] of string =
    ('', 'processando', 'aprovado', 'reprovado', 'contingencia', 'encerrado', 'cancelado');
begin
  Result := mdfeNenhuma;
  while (Result < mdfeOutra) and (Names[Result] <> Name) do
    Inc(Result);
end;

function ReadFindings(const Json: UTF8String; const JsonPointer: AnsiString): TMdfeApontamentos;
var
  Items: TJsonItems;
  I: Integer;
begin
  Items := JsonItems(Json, JsonPointer);
  SetLength(Result, Length(Items));
  for I := 0 to High(Items) do
  begin
    Result[I].Campo := JsonText(Items[I], '/campo');
    if Copy(Result[I].Campo, 1, 6) = '/mdfe/' then
      Delete(Result[I].Campo, 1, 5); // in the request; here it is that of the document
    Result[I].Rejeicao := JsonNumber(Items[I], '/rejeicao');
    Result[I].Mensagem := JsonText(Items[I], '/msg');
    Result[I].Acao := JsonText(Items[I], '/acao');
  end;
end;

function ReadOther(const Json: UTF8String): TMdfeOutro;
begin
  Result.Chave := JsonText(Json, '/chave');
  Result.Protocolo := JsonText(Json, '/protocolo');
  Result.Uuid := JsonText(Json, '/uuid');
  Result.Situacao := ReadSituation(JsonText(Json, '/situacao'));
end;

function Part(const Json: UTF8String; const JsonPointer: AnsiString): UTF8String;
begin
  Result := JsonTake(av_field(PAnsiChar(Json), PAnsiChar(JsonPointer)));
end;

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

function ReadReply(const Json: UTF8String): TMdfeResultado;
begin
  Result.Sucesso := JsonIs(Json, '/status', '1');
  Result.Uuid := JsonText(Json, '/uuid');
  Result.Chave := JsonText(Json, '/chave');
  Result.Serie := JsonNumber(Json, '/serie');
  Result.Numero := JsonNumber(Json, '/numero');
  Result.NomeDaSituacao := JsonText(Json, '/situacao');
  Result.Situacao := ReadSituation(Result.NomeDaSituacao);
  Result.Motivo := JsonText(Json, '/motivo');
  Result.Xml := JsonText(Json, '/xml');
  Result.Damdfe := JsonText(Json, '/damdfe');
  Result.Log := JsonText(Json, '/log');
  Result.Pendencias := ReadFindings(Json, '/pendencias');
  Result.Avisos := ReadFindings(Json, '/avisos');
  Result.MdfeAberto := ReadOther(Part(Json, '/mdfe_aberto'));
  Result.MdfeExistente := ReadOther(Part(Json, '/mdfe_existente'));
  Result.Averbacao := AvLerLote(JsonText(Json, '/averbacao'));
  Result.Etapa := JsonText(Json, '/etapa');
  Result.Erros := ReadErrors(Json);
  Result.Mensagem := FirstText(Result.Erros);
  Result.Incerto := (Length(Result.Erros) > 0) and Result.Erros[0].Incerto;
end;

function AvLerMdfe(const Resposta: string): TMdfeResultado;
begin
  Result := ReadReply(AvUtf8(Resposta));
end;

// In the background

procedure TEmission.Take(const Reply: UTF8String);
begin
  FResult := ReadReply(Reply);
  FSession := JsonText(Reply, '/averbacao/cookie');
end;

// It may have come about after the document was sent.
procedure TEmission.Fail(const Text: string);
begin
  FResult := ReadReply('');
  FResult.Erros := TMdfe.OneError(AV_ERR_BUG, Text);
  FResult.Erros[0].Incerto := True;
  FResult.Incerto := True;
  FResult.Mensagem := Text;
end;

procedure TEmission.Deliver(Owner: TCallOwner);
var
  Mdfe: TMdfe;
begin
  Mdfe := TMdfe(Owner);
  Mdfe.KeepSession(FSession);
  if Assigned(Mdfe.FOnFim) then
    Mdfe.FOnFim(Mdfe, FResult);
end;

// The class itself

constructor TMdfe.Create(AOwner: TComponent);
begin
  inherited Create(AOwner);
  FCtes := TStringList.Create;
  FNumbers := TStringList.Create;
end;

destructor TMdfe.Destroy;
begin
  inherited Destroy;
  FNumbers.Free;
  FCtes.Free;
end;

function TMdfe.GetCtes: TStrings;
begin
  Result := FCtes;
end;

procedure TMdfe.SetAverbador(Value: TAverbador);
begin
  FAverbador := Value;
  if Value <> nil then
    Value.FreeNotification(Self);
end;

procedure TMdfe.Notification(AComponent: TComponent; Operation: TOperation);
begin
  inherited Notification(AComponent, Operation);
  if (Operation = opRemove) and (AComponent = FAverbador) then
    FAverbador := nil;
end;

procedure TMdfe.KeepSession(const Session: string);
begin
  if (Session <> '') and (FAverbador <> nil) then
    FAverbador.Cookie := Session;
end;

function TMdfe.Request(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
begin
  Result := JsonRequest(Mode, [JsonField('token', FToken), JsonJoin(Fields)]);
end;

// That the CT-e are to be endorsed first; '' if there are none.
function TMdfe.Endorsing: UTF8String;
begin
  Result := '';
  if FCtes.Count = 0 then
    Exit;
  if FAverbador = nil then
    raise EAverbadorUso.Create('Para averbar os CT-e em Ctes, informe em Averbador quem os averba.');
  Result := JsonObject([JsonField('user', FAverbador.Usuario), JsonField('pass', FAverbador.Senha),
    JsonField('cookie', FAverbador.Cookie), JsonListField('cte', FCtes)]);
end;

// The numbers that are known, as averbaRet; '' if there are none.
function TMdfe.Endorsements: UTF8String;
var
  Pieces: array of UTF8String;
  I: Integer;
begin
  Result := '';
  if FNumbers.Count = 0 then
    Exit;
  SetLength(Pieces, FNumbers.Count);
  for I := 0 to FNumbers.Count - 1 do
  begin
    Pieces[I] := JsonObject([JsonField('chave', string(FNumbers.Names[I])),
      JsonField('protocolo', string(FNumbers.ValueFromIndex[I]))]);
    if I > 0 then
      Pieces[I] := JsonJoin([',', Pieces[I]]);
  end;
  Result := JsonJoin(['[', JsonJoin(Pieces), ']']);
end;

function TMdfe.EmissionRequest(const Json: UTF8String; OnlyCheck: Boolean): UTF8String;
begin
  Result := Request('mdfeEmite', [JsonRawField('mdfe', Json), JsonFlagField('somente_validar', OnlyCheck),
    JsonRawField('averbar', Endorsing), JsonRawField('averbacoes', Endorsements),
    JsonFlagField('contingencia_averbacao', FContingenciaAverbacao), JsonNumberField('aguardar_s', FAguardar)]);
end;

function TMdfe.Emit(const Json: UTF8String; OnlyCheck: Boolean): TMdfeResultado;
var
  Reply: UTF8String;
begin
  Reply := Ask(EmissionRequest(Json, OnlyCheck));
  KeepSession(JsonText(Reply, '/averbacao/cookie'));
  Result := ReadReply(Reply);
end;

// The JSON that Document is, or is the file of. EStreamError if that cannot be read.
function JsonOf(const Document: string): UTF8String;
begin
  if Copy(TrimLeft(Document), 1, 1) = '{' then
    Result := AvUtf8(Document)
  else
    Result := JsonContent(Document);
end;

// Whether there is a document; Failed says why not.
function HasJson(const Document: string; var Json: UTF8String; var Failed: TMdfeResultado): Boolean;
var
  Code: Integer;
begin
  Result := True;
  try
    Json := JsonOf(Document);
  except
    on E: EStreamError do
    begin
      Result := False;
      Code := AV_ERR_FILE_NO_PERMISSION;
      if not FileExists(Document) then
        Code := AV_ERR_FILE_NOT_FOUND;
      Failed := ReadReply('');
      Failed.Mensagem := Format('Falha ao ler o documento em "%s".', [Document]);
      Failed.Erros := TMdfe.OneError(Code, Failed.Mensagem);
      Failed.Erros[0].Detalhe := string(E.Message);
    end;
  end;
end;

function TMdfe.Emitir(const Documento: string): TMdfeResultado;
var
  Json: UTF8String;
begin
  NeedLibrary(Biblioteca);
  if HasJson(Documento, Json, Result) then
    Result := Emit(Json, False);
end;

function TMdfe.Emitir(Documento: TMdfeDocumento): TMdfeResultado;
begin
  Result := Emit(DocumentJson(Documento), False);
end;

function TMdfe.Validar(const Documento: string): TMdfeResultado;
var
  Json: UTF8String;
begin
  NeedLibrary(Biblioteca);
  if HasJson(Documento, Json, Result) then
    Result := Emit(Json, True);
end;

function TMdfe.Validar(Documento: TMdfeDocumento): TMdfeResultado;
begin
  Result := Emit(DocumentJson(Documento), True);
end;

procedure TMdfe.EmitInBackground(const Json: UTF8String);
begin
  NeedBackground('EmitirEmSegundoPlano');
  TEmission.Create(Self, EmissionRequest(Json, False));
end;

procedure TMdfe.EmitirEmSegundoPlano(const Documento: string);
var
  Json: UTF8String;
  Failed: TMdfeResultado;
begin
  NeedLibrary(Biblioteca);
  if HasJson(Documento, Json, Failed) then
    EmitInBackground(Json)
  else if Assigned(FOnFim) then
    FOnFim(Self, Failed);
end;

procedure TMdfe.EmitirEmSegundoPlano(Documento: TMdfeDocumento);
begin
  EmitInBackground(DocumentJson(Documento));
end;

// Which MDF-e: only a uuid has hyphens.
function WhichField(const ChaveOuUuid: string): UTF8String;
begin
  if Pos('-', ChaveOuUuid) > 0 then
    Result := JsonField('uuid', ChaveOuUuid)
  else
    Result := JsonField('chave', ChaveOuUuid);
end;

function TMdfe.Consultar(const ChaveOuUuid: string): TMdfeResultado;
begin
  Result := ReadReply(Ask(Request('mdfeConsulta', [WhichField(ChaveOuUuid), JsonNumberField('aguardar_s', FAguardar)])));
end;

function TMdfe.Encerrar(const ChaveOuUuid, Uf, Municipio: string; const CodigoMunicipio: string): TMdfeResultado;
begin
  Result := ReadReply(Ask(Request('mdfeEncerra', [WhichField(ChaveOuUuid), JsonField('uf', Uf),
    JsonField('municipio', Municipio), JsonField('codigo_municipio', CodigoMunicipio)])));
end;

function TMdfe.Cancelar(const ChaveOuUuid, Justificativa: string): TMdfeResultado;
begin
  Result := ReadReply(Ask(Request('mdfeCancela', [WhichField(ChaveOuUuid), JsonField('justificativa', Justificativa)])));
end;

function TMdfe.IncluirCondutor(const ChaveOuUuid, Nome, Cpf: string): TMdfeResultado;
begin
  Result := ReadReply(Ask(Request('mdfeCondutor', [WhichField(ChaveOuUuid), JsonField('nome', Nome),
    JsonField('cpf', Cpf)])));
end;

function TMdfe.Fetch(const Kind, ChaveOuUrl, Arquivo: string): TMdfeArquivo;
var
  Which, Reply: UTF8String;
begin
  if Copy(ChaveOuUrl, 1, 4) = 'http' then
    Which := JsonField('url', ChaveOuUrl)
  else
    Which := JsonField('chave', ChaveOuUrl);
  Reply := Ask(Request('mdfeArquivo', [Which, JsonField('tipo', Kind), JsonField('arquivo', Arquivo)]));
  Result.Sucesso := JsonIs(Reply, '/status', '1');
  Result.Arquivo := JsonText(Reply, '/arquivo');
  Result.Bytes := JsonNumber(Reply, '/bytes');
  Result.Erros := ReadErrors(Reply);
  Result.Mensagem := FirstText(Result.Erros);
end;

function TMdfe.BaixarPdf(const ChaveOuUrl, Arquivo: string): TMdfeArquivo;
begin
  Result := Fetch('pdf', ChaveOuUrl, Arquivo);
end;

function TMdfe.BaixarXml(const ChaveOuUrl, Arquivo: string): TMdfeArquivo;
begin
  Result := Fetch('xml', ChaveOuUrl, Arquivo);
end;

function TMdfe.LerNotificacao(const Corpo: string): TMdfeResultado;
begin
  Result := ReadReply(Ask(JsonRequest('mdfeNotificacao', [JsonField('corpo', Corpo)])));
end;

function TMdfe.LerNotificacao(const Corpo, Segredo, SegredoRecebido: string): TMdfeResultado;
begin
  if Segredo = '' then
    raise EAverbadorUso.Create('Um segredo vazio deixaria passar qualquer um.');
  Result := ReadReply(Ask(JsonRequest('mdfeNotificacao', [JsonField('corpo', Corpo), JsonField('segredo', Segredo),
    JsonField('segredo_recebido', SegredoRecebido)])));
end;

function TMdfe.Regras: TMdfeRegras;
var
  Items: TJsonItems;
  I: Integer;
begin
  Items := JsonItems(Ask(JsonRequest('mdfeRegras', [''])), '/regras');
  SetLength(Result, Length(Items));
  for I := 0 to High(Items) do
  begin
    Result[I].Rejeicao := JsonNumber(Items[I], '/rejeicao');
    Result[I].Impede := JsonIs(Items[I], '/nivel', 'pendencia');
    Result[I].Mensagem := JsonText(Items[I], '/msg');
    Result[I].Acao := JsonText(Items[I], '/acao');
  end;
end;

procedure TMdfe.UsarAverbacao(const Chave, Protocolo: string);
begin
  FNumbers.Add(Chave + '=' + Protocolo); // of several for one document the last counts
end;

procedure TMdfe.UsarAverbacoes(const Lote: TAvLote);
var
  I: Integer;
begin
  for I := 0 to High(Lote.Documentos) do
    if Lote.Documentos[I].Sucesso then
      UsarAverbacao(Lote.Documentos[I].Chave, Lote.Documentos[I].Protocolo);
end;

procedure TMdfe.LimparAverbacoes;
begin
  FNumbers.Clear;
end;

end.
