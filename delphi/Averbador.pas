unit Averbador;

// A classe TAverbador: averba documentos fiscais no AverbePorto, por averbador.dll. Delphi 7 e posteriores, Free Pascal.
//
//   Porto := TAverbador.Create(Self); // o formulário o libera
//   Porto.Usuario := 'USUARIO';
//   Porto.Senha := 'SENHA';
//   Averbacao := Porto.Averbar('C:\cte\cte.xml');
//   if Averbacao.Sucesso then
//     ShowMessage('Protocolo: ' + Averbacao.Protocolo)
//   else
//     ShowMessage(Averbacao.Mensagem);
//
// Tudo é string do Delphi; o UTF-8 da biblioteca fica aqui dentro. O que o AverbePorto, a rede ou o arquivo tiverem de
// errado vem no resultado, nunca em exceção. Exceção é só para erro de programação ou de instalação: EAverbadorApi (a
// biblioteca falta, ou não é a certa) e EAverbadorUso.
//
// Fora dos comentários este fonte é ASCII, pois o Delphi 7 o lê como ANSI. No Linux, o programa começa por cthreads.

{$IFDEF FPC}
  {$IFNDEF UNICODE} // definido no modo DelphiUnicode, que fica
    {$MODE DELPHI}
  {$ENDIF}
{$ENDIF}

interface

uses
  SysUtils, Classes, AverbadorApi, AverbadorChamada;

type
  /// <summary>A classe foi usada de um modo que não pode dar certo; a mensagem diz qual. É erro de programação.</summary>
  EAverbadorUso = class(Exception);

  /// <summary>Textos, um por posição.</summary>
  TAvTextos = array of string;

  /// <summary>Um erro de uma resposta.</summary>
  TAvErro = record
    /// <summary>O código do catálogo: as constantes AV_ERR_ de AverbadorApi.</summary>
    Codigo: Integer;
    /// <summary>O que houve e o que fazer, pronto para mostrar ao usuário.</summary>
    Mensagem: string;
    /// <summary>O detalhe técnico, para o suporte. Vazio se não houver.</summary>
    Detalhe: string;
    /// <summary>Tentar de novo pode resolver.</summary>
    Repetir: Boolean;
    /// <summary>Pode ter sido feito apesar do erro: consulte antes de enviar de novo.</summary>
    Incerto: Boolean;
  end;

  /// <summary>Os erros de uma resposta; sem posições se não houve erro.</summary>
  TAvErros = array of TAvErro;

  /// <summary>O resultado de <c>Login</c>.</summary>
  TAvLogin = record
    /// <summary>Se entrou.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>A sessão, de 32 caracteres; é também <c>TAverbador.Cookie</c>.</summary>
    Cookie: string;
    /// <summary>Por que não entrou.</summary>
    Erros: TAvErros;
  end;

  /// <summary>O resultado de <c>EnviarArquivo</c>.</summary>
  TAvEnvio = record
    /// <summary>Se a seguradora tem agora todos os documentos do arquivo.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>O primeiro dos protocolos. Pode faltar mesmo com sucesso: então consulte.</summary>
    Protocolo: string;
    /// <summary>Todos os protocolos informados.</summary>
    Protocolos: TAvTextos;
    /// <summary>Documentos armazenados agora (P).</summary>
    Processados: Integer;
    /// <summary>Documentos que a seguradora já tinha (D).</summary>
    Duplicados: Integer;
    /// <summary>Documentos que não são do tipo certo (R).</summary>
    Rejeitados: Integer;
    /// <summary>Arquivos que não são XML nem ZIP (N).</summary>
    Negados: Integer;
    /// <summary>Por que não teve sucesso.</summary>
    Erros: TAvErros;
  end;

  /// <summary>O que foi feito de um documento.</summary>
  TAvSituacao = (
    /// <summary>Está averbado.</summary>
    avAverbado,
    /// <summary>Já estava averbado, e não foi enviado de novo.</summary>
    avJaAverbado,
    /// <summary>Não está averbado, ou não se sabe: veja os erros.</summary>
    avFalha,
    /// <summary>Não chegou a ser tentado, pois a operação parou antes.</summary>
    avNaoTentado);

  /// <summary>A averbação de um documento: o resultado de <c>Averbar</c> e de <c>Consultar</c>.</summary>
  TAvAverbacao = record
    /// <summary>Se está averbado.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>O número da averbação, que vai no MDF-e.</summary>
    Protocolo: string;
    /// <summary>A chave de acesso, de 44 caracteres.</summary>
    Chave: string;
    /// <summary>O CNPJ do emitente.</summary>
    Cnpj: string;
    /// <summary>O número do documento, sem zeros à esquerda.</summary>
    Numero: string;
    /// <summary>O arquivo, como foi informado; dentro de um ZIP, <c>arquivo.zip!entrada.xml</c>. Vazio em
    /// <c>Consultar</c>.</summary>
    Arquivo: string;
    /// <summary>O que foi feito dele.</summary>
    Situacao: TAvSituacao;
    /// <summary>A etapa em que falhou, como em <c>TAvProgresso.NomeDaEtapa</c>. Vazia se não falhou em nenhuma.</summary>
    Etapa: string;
    /// <summary>Por que não está averbado.</summary>
    Erros: TAvErros;
    /// <summary>O que merece atenção, apesar do sucesso; pronto para mostrar.</summary>
    Avisos: TAvTextos;
  end;

  /// <summary>Averbações, na ordem em que foram pedidas.</summary>
  TAvAverbacoes = array of TAvAverbacao;

  /// <summary>A averbação de vários documentos de uma vez.</summary>
  TAvLote = record
    /// <summary>Se todos estão averbados.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro: a do lote, ou a do primeiro documento que falhou.</summary>
    Mensagem: string;
    /// <summary>Os documentos, na ordem em que foram pedidos.</summary>
    Documentos: TAvAverbacoes;
    /// <summary>Quantos foram averbados agora.</summary>
    Averbados: Integer;
    /// <summary>Quantos já estavam averbados, e não foram enviados de novo.</summary>
    JaAverbados: Integer;
    /// <summary>Quantos falharam.</summary>
    Falhas: Integer;
    /// <summary>Quantos não chegaram a ser tentados.</summary>
    NaoTentados: Integer;
    /// <summary>Arquivos da pasta ou do ZIP que foram deixados de lado, por não serem documentos.</summary>
    Ignorados: TAvTextos;
    /// <summary>A etapa em que o lote todo parou. Vazia se não parou.</summary>
    Etapa: string;
    /// <summary>Por que o lote todo parou; os erros de um documento estão nele.</summary>
    Erros: TAvErros;
  end;

  /// <summary>O resultado de <c>Cancelar</c>.</summary>
  TAvCancelamento = record
    /// <summary>Se a seguradora tem o cancelamento.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>A chave de acesso do documento cancelado.</summary>
    Chave: string;
    /// <summary>A etapa em que falhou.</summary>
    Etapa: string;
    /// <summary>Por que não teve sucesso.</summary>
    Erros: TAvErros;
  end;

  /// <summary>De que data <c>TAvFiltro.Inicio</c> e <c>Fim</c> falam.</summary>
  TAvData = (
    /// <summary>Da emissão do documento.</summary>
    avEmissao,
    /// <summary>Do envio à seguradora.</summary>
    avEnvio,
    /// <summary>Da última atualização.</summary>
    avAtualizacao);

  /// <summary>O que <c>Listar</c> procura; o que estiver vazio ou em zero não filtra. Comece por <c>AvFiltro</c>.</summary>
  TAvFiltro = record
    /// <summary>O modelo do documento: 57 é CT-e.</summary>
    Modelo: string;
    /// <summary>O número do documento.</summary>
    Numero: string;
    /// <summary>O protocolo da averbação.</summary>
    Protocolo: string;
    /// <summary>O CNPJ do emitente.</summary>
    Cnpj: string;
    /// <summary>De que data <c>Inicio</c> e <c>Fim</c> falam.</summary>
    Data: TAvData;
    /// <summary>O primeiro dia; 0: desde sempre.</summary>
    Inicio: TDateTime;
    /// <summary>O último dia; 0: até hoje.</summary>
    Fim: TDateTime;
    /// <summary>No máximo tantos documentos, até 10000; 0: 1000.</summary>
    Limite: Integer;
  end;

  /// <summary>Um documento que a seguradora tem.</summary>
  TAvListado = record
    /// <summary>A chave de acesso; vazia se o serviço não a informa.</summary>
    Chave: string;
    /// <summary>O número.</summary>
    Numero: string;
    /// <summary>A série.</summary>
    Serie: string;
    /// <summary>O número da averbação.</summary>
    Protocolo: string;
    /// <summary>Se está averbado.</summary>
    Averbado: Boolean;
    /// <summary>Se está cancelado.</summary>
    Cancelado: Boolean;
    /// <summary>O dia da emissão, como o serviço o escreve.</summary>
    Emissao: string;
    /// <summary>O valor, como o serviço o escreve.</summary>
    Valor: string;
  end;

  /// <summary>Os documentos de uma lista.</summary>
  TAvListados = array of TAvListado;

  /// <summary>O resultado de <c>Listar</c>.</summary>
  TAvLista = record
    /// <summary>Se a lista está inteira, até o limite.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>Quantos documentos a seguradora diz ter pelo filtro; pode passar do limite.</summary>
    Total: Integer;
    /// <summary>Os documentos; com erro, os que vieram antes dele.</summary>
    Documentos: TAvListados;
    /// <summary>Por que não está inteira.</summary>
    Erros: TAvErros;
  end;

  /// <summary>Um passo do diagnóstico.</summary>
  TAvPasso = record
    /// <summary>O nome do passo.</summary>
    Nome: string;
    /// <summary>Se deu certo.</summary>
    Sucesso: Boolean;
    /// <summary>Quanto demorou, em milissegundos.</summary>
    Milissegundos: Integer;
    /// <summary>O que foi visto, pronto para mostrar.</summary>
    Mensagem: string;
    /// <summary>Por que não deu certo.</summary>
    Erros: TAvErros;
  end;

  /// <summary>Os passos do diagnóstico, na ordem em que foram dados.</summary>
  TAvPassos = array of TAvPasso;

  /// <summary>O resultado de <c>Diagnosticar</c>.</summary>
  TAvDiagnostico = record
    /// <summary>Se tudo deu certo.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro: a do diagnóstico, ou a do primeiro passo que falhou.</summary>
    Mensagem: string;
    /// <summary>A versão da biblioteca.</summary>
    Versao: string;
    /// <summary>Os passos.</summary>
    Passos: TAvPassos;
    /// <summary>Por que o diagnóstico não pôde ser feito.</summary>
    Erros: TAvErros;
  end;

  /// <summary>O resultado de <c>Configurar</c>.</summary>
  TAvConfiguracao = record
    /// <summary>Se os ajustes valem agora; senão nada mudou.</summary>
    Sucesso: Boolean;
    /// <summary>A mensagem do primeiro erro, pronta para mostrar.</summary>
    Mensagem: string;
    /// <summary>O que talvez não seja o que se queria.</summary>
    Avisos: TAvTextos;
    /// <summary>O ajuste que está errado.</summary>
    Erros: TAvErros;
  end;

  /// <summary>As etapas de uma operação.</summary>
  TAvEtapa = (
    /// <summary>Entrando no AverbePorto.</summary>
    avEtapaLogin,
    /// <summary>Enviando um documento.</summary>
    avEtapaUpload,
    /// <summary>Consultando a averbação.</summary>
    avEtapaConsulta,
    /// <summary>Listando os documentos.</summary>
    avEtapaLista,
    /// <summary>Lendo os arquivos.</summary>
    avEtapaLeitura,
    /// <summary>Um passo do diagnóstico.</summary>
    avEtapaDiagnostico,
    /// <summary>Conferindo o MDF-e.</summary>
    avEtapaValidacao,
    /// <summary>Emitindo o MDF-e.</summary>
    avEtapaEmissao,
    /// <summary>Consultando o MDF-e.</summary>
    avEtapaSituacao,
    /// <summary>Registrando um evento do MDF-e.</summary>
    avEtapaEvento,
    /// <summary>Baixando um arquivo.</summary>
    avEtapaArquivo,
    /// <summary>Enviando RPS.</summary>
    avEtapaRps,
    /// <summary>Consultando NFS-e.</summary>
    avEtapaNfse,
    /// <summary>Cancelando uma NFS-e.</summary>
    avEtapaCancelamento,
    /// <summary>Acabou, bem ou mal.</summary>
    avEtapaFim,
    /// <summary>Uma que só uma biblioteca mais nova conhece: veja <c>TAvProgresso.NomeDaEtapa</c>.</summary>
    avEtapaOutra);

  /// <summary>Como está uma etapa.</summary>
  TAvEstado = (
    /// <summary>Começa.</summary>
    avInicio,
    /// <summary>Terminou bem.</summary>
    avOk,
    /// <summary>Falhou.</summary>
    avErro,
    /// <summary>Será feita mais uma vez.</summary>
    avRepetindo,
    /// <summary>Um que só uma biblioteca mais nova conhece.</summary>
    avOutro);

  /// <summary>O que <c>OnEtapa</c> ouve.</summary>
  TAvProgresso = record
    /// <summary>A etapa.</summary>
    Etapa: TAvEtapa;
    /// <summary>O nome dela na biblioteca: <c>login</c>, <c>upload</c>, <c>consulta</c>...</summary>
    NomeDaEtapa: string;
    /// <summary>Como ela está.</summary>
    Estado: TAvEstado;
    /// <summary>Quantos documentos estão prontos: para a barra de progresso.</summary>
    Feitos: Integer;
    /// <summary>De quantos.</summary>
    Total: Integer;
    /// <summary>O arquivo de que se trata; vazio se de nenhum em especial.</summary>
    Arquivo: string;
    /// <summary>A chave de acesso de que se trata, quando já se sabe.</summary>
    Chave: string;
    /// <summary>O texto pronto para mostrar.</summary>
    Mensagem: string;
  end;

  /// <summary>Ouve as etapas. Para interromper a operação, chame <c>Interromper</c>.</summary>
  TAvEtapaEvent = procedure(Sender: TObject; const Progresso: TAvProgresso) of object;

  /// <summary>O que <c>TAverbador</c>, <c>TMdfe</c> e <c>TNfse</c> têm em comum: a biblioteca, os ajustes, as etapas.</summary>
  TAvComponente = class(TCallOwner)
  private
    FBiblioteca: string;
    FOnEtapa: TAvEtapaEvent;
    function Configure(const Settings: UTF8String): TAvConfiguracao;
    function GetEmAndamento: Boolean;
    function GetVersao: string;
  protected
    function Ask(const Request: UTF8String): UTF8String;
    procedure Hear(const Event: UTF8String); override;
    // Before a TWorker is created by the method of this name.
    procedure NeedBackground(const Method: string);
    // An error that is told without the library.
    class function OneError(Code: Integer; const Text: string): TAvErros;
  public
    /// <summary>Muda ajustes da biblioteca, para todo o programa. Sem isso valem os normais.</summary>
    /// <param name="Ajustes">Um objeto JSON: veja <c>av_configure</c> em AverbadorApi.</param>
    function Configurar(const Ajustes: string): TAvConfiguracao;

    /// <summary>O mesmo que <c>Configurar</c>, com os ajustes que estão num arquivo, em UTF-8.</summary>
    /// <param name="Arquivo">O arquivo.</param>
    function ConfigurarPeloArquivo(const Arquivo: string): TAvConfiguracao;

    /// <summary>Interrompe o que este objeto está fazendo, no próximo ponto seguro (erro 9002).</summary>
    /// <remarks>De dentro de <c>OnEtapa</c> ou de qualquer thread. O que já foi averbado continua averbado.</remarks>
    procedure Interromper;

    /// <summary>O caminho da biblioteca. Vazio: <c>averbador.dll</c> na pasta do programa, ou em win32 ou win64 dentro
    /// dela. Vale o do primeiro objeto que a carrega.</summary>
    property Biblioteca: string read FBiblioteca write FBiblioteca;
    /// <summary>A versão da biblioteca. Carrega-a: no começo do programa, mostra se está tudo no lugar.</summary>
    property Versao: string read GetVersao;
    /// <summary>Se o que foi começado em segundo plano ainda não acabou.</summary>
    property EmAndamento: Boolean read GetEmAndamento;
    /// <summary>Ouve as etapas enquanto um método está em andamento, na thread que o chamou; em segundo plano, na thread
    /// principal.</summary>
    /// <remarks>Uma exceção aqui interrompe a operação, e sai do método que a iniciou; em segundo plano, é mostrada como
    /// a de qualquer evento.</remarks>
    property OnEtapa: TAvEtapaEvent read FOnEtapa write FOnEtapa;
  end;

  /// <summary>Recebe o resultado de <c>AverbarEmSegundoPlano</c>.</summary>
  TAvFimEvent = procedure(Sender: TObject; const Lote: TAvLote) of object;

  /// <summary>Averba documentos no AverbePorto.</summary>
  /// <remarks>Cada método espera pela resposta; na thread principal, a tela espera também: para ela há
  /// <c>AverbarEmSegundoPlano</c>. A biblioteca é carregada na primeira chamada, uma vez para todos os objetos, e
  /// descarregada com o último deles.</remarks>
  TAverbador = class(TAvComponente)
  private
    FUsuario: string;
    FSenha: string;
    FCookie: string;
    FReenviar: Boolean;
    FDiario: string;
    FOnFim: TAvFimEvent;
    function FlowRequest(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
    function LotRequest(Arquivos: TStrings): UTF8String;
    procedure KeepSession(const Session: string);
    function AskKeeping(const Request: UTF8String): UTF8String;
  public
    /// <summary>Entra no AverbePorto, com <c>Usuario</c> e <c>Senha</c>, e guarda a sessão em <c>Cookie</c>.</summary>
    /// <remarks>Só é preciso antes de <c>EnviarArquivo</c>: os demais entram por si. Depois do erro 5001 não tente a mesma
    /// senha de novo: várias erradas bloqueiam o acesso.</remarks>
    function Login: TAvLogin;

    /// <summary>Envia um arquivo, sem consultar depois. Precisa de <c>Cookie</c>.</summary>
    /// <param name="Arquivo">O XML autorizado de um CT-e, ou um ZIP de até 400 deles.</param>
    function EnviarArquivo(const Arquivo: string): TAvEnvio;

    /// <summary>Consulta a averbação de um documento; sem <c>Cookie</c>, pela consulta pública.</summary>
    /// <param name="Chave">A chave de acesso, de 44 caracteres.</param>
    function Consultar(const Chave: string): TAvAverbacao; overload;

    /// <summary>Consulta a averbação de vários documentos; sem <c>Cookie</c>, pela consulta pública.</summary>
    /// <param name="Chaves">As chaves de acesso, uma por linha.</param>
    function Consultar(Chaves: TStrings): TAvLote; overload;

    /// <summary>Averba um CT-e: entra (se for preciso), envia e consulta.</summary>
    /// <remarks>O que já pode ter chegado não é enviado duas vezes. Se entrou, a sessão nova está em
    /// <c>Cookie</c>.</remarks>
    /// <param name="Arquivo">O XML autorizado de um CT-e.</param>
    function Averbar(const Arquivo: string): TAvAverbacao; overload;

    /// <summary>Averba vários CT-e: entra (se for preciso), envia e consulta.</summary>
    /// <param name="Arquivos">Os XML, um por linha; ou pastas e ZIPs deles.</param>
    function Averbar(Arquivos: TStrings): TAvLote; overload;

    /// <summary>Averba em segundo plano, e volta logo. O resultado vem em <c>OnFim</c>.</summary>
    /// <remarks>Para a thread principal, e nela vêm os eventos: o programa precisa do laço de mensagens, ou, no console,
    /// de chamar <c>CheckSynchronize</c>. Uma de cada vez por objeto (<c>EmAndamento</c>); para parar,
    /// <c>Interromper</c>. O objeto pode ser liberado enquanto isso, mesmo dentro de um evento.</remarks>
    /// <param name="Arquivos">Os XML, um por linha; ou pastas e ZIPs deles.</param>
    procedure AverbarEmSegundoPlano(Arquivos: TStrings); overload;

    /// <summary>Averba um arquivo em segundo plano, e volta logo. O resultado vem em <c>OnFim</c>.</summary>
    /// <param name="Arquivo">Um XML, uma pasta ou um ZIP.</param>
    procedure AverbarEmSegundoPlano(const Arquivo: string); overload;

    /// <summary>Avisa a seguradora de que um CT-e foi cancelado.</summary>
    /// <param name="Arquivo">O XML do evento de cancelamento, autorizado.</param>
    function Cancelar(const Arquivo: string): TAvCancelamento;

    /// <summary>Lista o que a seguradora tem.</summary>
    /// <param name="Filtro">O que se procura; <c>AvFiltro</c> é tudo.</param>
    function Listar(const Filtro: TAvFiltro): TAvLista;

    /// <summary>Verifica, passo a passo, se este computador alcança o serviço.</summary>
    function Diagnosticar: TAvDiagnostico;

    /// <summary>O usuário da credencial da API, ou o CNPJ de uma conta da web.</summary>
    property Usuario: string read FUsuario write FUsuario;
    /// <summary>A senha dele.</summary>
    property Senha: string read FSenha write FSenha;
    /// <summary>A sessão, que vale um dia ou mais. Guarde-a no fim e ponha-a de volta no começo: evita logins.</summary>
    property Cookie: string read FCookie write FCookie;
    /// <summary>Em lotes, enviar também os que já constam como averbados.</summary>
    property Reenviar: Boolean read FReenviar write FReenviar;
    /// <summary>Em lotes, o arquivo em que se anota o que foi averbado, para continuar depois. Vazio: nenhum.</summary>
    property Diario: string read FDiario write FDiario;
    /// <summary>Recebe, na thread principal, o resultado de <c>AverbarEmSegundoPlano</c>. Pode começar outra.</summary>
    property OnFim: TAvFimEvent read FOnFim write FOnFim;
  end;

/// <summary>Um filtro vazio: tudo o que a seguradora tem.</summary>
function AvFiltro: TAvFiltro;

/// <summary>Lê uma resposta averbaRet, de um documento ou de vários. Para quem chama av_execute por si; a biblioteca deve
/// estar carregada.</summary>
/// <param name="Resposta">O JSON.</param>
function AvLerLote(const Resposta: string): TAvLote;

/// <summary>Lê os erros de qualquer resposta. Para quem chama av_execute por si; a biblioteca deve estar carregada.</summary>
/// <param name="Resposta">O JSON.</param>
function AvLerErros(const Resposta: string): TAvErros;

/// <summary>Lê o evento que um TAvProgress recebe. Para quem chama av_execute por si; a biblioteca deve estar
/// carregada.</summary>
/// <param name="Evento">O JSON.</param>
function AvLerProgresso(const Evento: string): TAvProgresso;

/// <summary>Lê uma resposta diagnosticoRet. Para quem chama av_execute por si; a biblioteca deve estar
/// carregada.</summary>
/// <param name="Resposta">O JSON.</param>
function AvLerDiagnostico(const Resposta: string): TAvDiagnostico;

implementation

uses
  {$IFDEF MSWINDOWS} Windows, {$ENDIF} AverbadorJson;

type
  // AverbarEmSegundoPlano under way.
  TLotWorker = class(TWorker)
  private
    FOnlyFile: string;
    FLot: TAvLote;
    FSession: string;
  protected
    procedure Take(const Reply: UTF8String); override;
    procedure Fail(const Text: string); override;
    procedure Deliver(Owner: TCallOwner); override;
  public
    constructor Create(Owner: TAverbador; const Request: UTF8String; const OnlyFile: string);
  end;

// Replies, read

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

function ReadErrors(const Json: UTF8String): TAvErros;
var
  Items: TJsonItems;
  I, Count: Integer;
begin
  Items := JsonItems(Json, '/error');
  SetLength(Result, Length(Items));
  Count := 0;
  for I := 0 to High(Items) do
  begin
    Result[Count].Codigo := JsonNumber(Items[I], '/code');
    Result[Count].Mensagem := JsonText(Items[I], '/msg');
    Result[Count].Detalhe := JsonText(Items[I], '/detalhe');
    Result[Count].Repetir := JsonIs(Items[I], '/repetir', 'true');
    Result[Count].Incerto := JsonIs(Items[I], '/incerto', 'true');
    if Result[Count].Codigo <> 0 then // 0 is "no error", in uploadRet
      Inc(Count);
  end;
  SetLength(Result, Count);
end;

// The text of the first error. '' if there is none.
function FirstText(const Errors: TAvErros): string;
begin
  if Length(Errors) = 0 then
    Result := ''
  else
    Result := Errors[0].Mensagem;
end;

function Succeeded(const Json: UTF8String): Boolean;
begin
  Result := JsonIs(Json, '/status', '1');
end;

function ReadSituation(const Json: UTF8String; Endorsed: Boolean): TAvSituacao;
var
  Name: string;
begin
  Name := JsonText(Json, '/situacao');
  if Name = 'ja_averbado' then
    Result := avJaAverbado
  else if Name = 'nao_tentado' then
    Result := avNaoTentado
  else if Endorsed then
    Result := avAverbado
  else
    Result := avFalha;
end;

function ReadDocument(const Json: UTF8String): TAvAverbacao;
begin
  Result.Sucesso := Succeeded(Json);
  Result.Protocolo := JsonText(Json, '/protocolo');
  Result.Chave := JsonText(Json, '/chave');
  Result.Cnpj := JsonText(Json, '/cnpj');
  Result.Numero := JsonText(Json, '/numero');
  Result.Arquivo := JsonText(Json, '/arquivo');
  Result.Situacao := ReadSituation(Json, Result.Sucesso);
  Result.Etapa := JsonText(Json, '/etapa');
  Result.Erros := ReadErrors(Json);
  Result.Avisos := ReadTexts(Json, '/avisos');
  Result.Mensagem := FirstText(Result.Erros);
end;

function ReadDocuments(const Items: TJsonItems): TAvAverbacoes;
var
  I: Integer;
begin
  SetLength(Result, Length(Items));
  for I := 0 to High(Items) do
    Result[I] := ReadDocument(Items[I]);
end;

procedure CountSituations(var Lot: TAvLote);
var
  I: Integer;
begin
  Lot.Averbados := 0;
  Lot.JaAverbados := 0;
  Lot.Falhas := 0;
  Lot.NaoTentados := 0;
  for I := 0 to High(Lot.Documentos) do
    case Lot.Documentos[I].Situacao of
      avAverbado: Inc(Lot.Averbados);
      avJaAverbado: Inc(Lot.JaAverbados);
      avFalha: Inc(Lot.Falhas);
      avNaoTentado: Inc(Lot.NaoTentados);
    end;
end;

function FirstTextOfLot(const Lot: TAvLote): string;
var
  I: Integer;
begin
  Result := FirstText(Lot.Erros);
  for I := 0 to High(Lot.Documentos) do
    if Result = '' then
      Result := Lot.Documentos[I].Mensagem;
end;

// averbaRet: of many documents; of one, which is the reply itself and has no file name; of none, if it failed before it
// came to them.
function ReadLot(const Json: UTF8String; const OnlyFile: string): TAvLote;
begin
  Result.Sucesso := Succeeded(Json);
  Result.Etapa := JsonText(Json, '/etapa');
  Result.Erros := ReadErrors(Json);
  Result.Ignorados := ReadTexts(Json, '/ignorados');
  Result.Documentos := ReadDocuments(JsonItems(Json, '/S'));
  if JsonIs(Json, '/S', '') and ((OnlyFile <> '') or not JsonIs(Json, '/chave', '')) then
  begin
    SetLength(Result.Documentos, 1);
    Result.Documentos[0] := ReadDocument(Json);
    Result.Documentos[0].Arquivo := OnlyFile;
    Result.Etapa := '';
    Result.Erros := nil;
  end;
  CountSituations(Result);
  Result.Mensagem := FirstTextOfLot(Result);
end;

class function TAvComponente.OneError(Code: Integer; const Text: string): TAvErros;
begin
  SetLength(Result, 1);
  Result[0].Codigo := Code;
  Result[0].Mensagem := Text;
  Result[0].Detalhe := '';
  Result[0].Repetir := False;
  Result[0].Incerto := False;
end;

function FailedLot(const Text: string): TAvLote;
begin
  Result := ReadLot('', '');
  Result.Erros := TAvComponente.OneError(AV_ERR_BUG, Text);
  Result.Mensagem := Text;
end;

function ReadUpload(const Json: UTF8String): TAvEnvio;
begin
  Result.Sucesso := Succeeded(Json);
  Result.Protocolo := JsonText(Json, '/prot/0');
  Result.Protocolos := ReadTexts(Json, '/prot');
  Result.Processados := JsonNumber(Json, '/S/P');
  Result.Duplicados := JsonNumber(Json, '/S/D');
  Result.Rejeitados := JsonNumber(Json, '/S/R');
  Result.Negados := JsonNumber(Json, '/S/N');
  Result.Erros := ReadErrors(Json);
  Result.Mensagem := FirstText(Result.Erros);
end;

function ReadListed(const Json: UTF8String): TAvListado;
begin
  Result.Chave := JsonText(Json, '/chave');
  Result.Numero := JsonText(Json, '/numero');
  Result.Serie := JsonText(Json, '/serie');
  Result.Protocolo := JsonText(Json, '/protocolo');
  Result.Averbado := JsonIs(Json, '/averbado', 'true');
  Result.Cancelado := JsonIs(Json, '/cancelado', 'true');
  Result.Emissao := JsonText(Json, '/emissao');
  Result.Valor := JsonText(Json, '/valor');
end;

function ReadListing(const Json: UTF8String): TAvLista;
var
  Items: TJsonItems;
  I: Integer;
begin
  Items := JsonItems(Json, '/S');
  Result.Sucesso := Succeeded(Json);
  Result.Total := JsonNumber(Json, '/total');
  SetLength(Result.Documentos, Length(Items));
  for I := 0 to High(Items) do
    Result.Documentos[I] := ReadListed(Items[I]);
  Result.Erros := ReadErrors(Json);
  Result.Mensagem := FirstText(Result.Erros);
end;

function ReadStep(const Json: UTF8String): TAvPasso;
begin
  Result.Nome := JsonText(Json, '/passo');
  Result.Sucesso := Succeeded(Json);
  Result.Milissegundos := JsonNumber(Json, '/ms');
  Result.Mensagem := JsonText(Json, '/msg');
  Result.Erros := ReadErrors(Json);
end;

function ReadDiagnosis(const Json: UTF8String): TAvDiagnostico;
var
  Items: TJsonItems;
  I: Integer;
begin
  Items := JsonItems(Json, '/passos');
  Result.Sucesso := Succeeded(Json);
  Result.Versao := JsonText(Json, '/versao');
  Result.Erros := ReadErrors(Json);
  Result.Mensagem := FirstText(Result.Erros);
  SetLength(Result.Passos, Length(Items));
  for I := 0 to High(Items) do
  begin
    Result.Passos[I] := ReadStep(Items[I]);
    if Result.Mensagem = '' then
      Result.Mensagem := FirstText(Result.Passos[I].Erros);
  end;
end;

function ReadStage(const Name: string): TAvEtapa;
const
  Names: array[avEtapaLogin..avEtapaFim] of string =
    ('login', 'upload', 'consulta', 'lista', 'leitura', 'diagnostico', 'validacao', 'emissao', 'situacao', 'evento',
    'arquivo', 'rps', 'nfse', 'cancelamento', 'fim');
begin
  Result := avEtapaLogin;
  while (Result < avEtapaOutra) and (Names[Result] <> Name) do
    Inc(Result);
end;

function ReadState(const Name: string): TAvEstado;
const
  Names: array[avInicio..avRepetindo] of string = ('inicio', 'ok', 'erro', 'repetindo');
begin
  Result := avInicio;
  while (Result < avOutro) and (Names[Result] <> Name) do
    Inc(Result);
end;

function ReadProgress(const Json: UTF8String): TAvProgresso;
begin
  Result.NomeDaEtapa := JsonText(Json, '/etapa');
  Result.Etapa := ReadStage(Result.NomeDaEtapa);
  Result.Estado := ReadState(JsonText(Json, '/estado'));
  Result.Feitos := JsonNumber(Json, '/n');
  Result.Total := JsonNumber(Json, '/total');
  Result.Arquivo := JsonText(Json, '/arquivo');
  Result.Chave := JsonText(Json, '/chave');
  Result.Mensagem := JsonText(Json, '/msg');
end;

function AvLerLote(const Resposta: string): TAvLote;
begin
  Result := ReadLot(AvUtf8(Resposta), '');
end;

function AvLerErros(const Resposta: string): TAvErros;
begin
  Result := ReadErrors(AvUtf8(Resposta));
end;

function AvLerProgresso(const Evento: string): TAvProgresso;
begin
  Result := ReadProgress(AvUtf8(Evento));
end;

function AvLerDiagnostico(const Resposta: string): TAvDiagnostico;
begin
  Result := ReadDiagnosis(AvUtf8(Resposta));
end;

// As the library reads it; '' if it is not set.
function Day(Date: TDateTime): string;
begin
  if Date = 0 then
    Result := ''
  else
    Result := FormatDateTime('yyyy-mm-dd', Date);
end;

function AvFiltro: TAvFiltro;
begin
  Result.Modelo := '';
  Result.Numero := '';
  Result.Protocolo := '';
  Result.Cnpj := '';
  Result.Data := avEmissao;
  Result.Inicio := 0;
  Result.Fim := 0;
  Result.Limite := 0;
end;

// In the background

constructor TLotWorker.Create(Owner: TAverbador; const Request: UTF8String; const OnlyFile: string);
begin
  FOnlyFile := OnlyFile;
  inherited Create(Owner, Request);
end;

procedure TLotWorker.Take(const Reply: UTF8String);
begin
  FLot := ReadLot(Reply, FOnlyFile);
  FSession := JsonText(Reply, '/cookie');
end;

procedure TLotWorker.Fail(const Text: string);
begin
  FLot := FailedLot(Text);
end;

procedure TLotWorker.Deliver(Owner: TCallOwner);
var
  Porto: TAverbador;
begin
  Porto := TAverbador(Owner);
  Porto.KeepSession(FSession);
  if Assigned(Porto.FOnFim) then
    Porto.FOnFim(Porto, FLot);
end;

// What the classes have in common

function TAvComponente.Ask(const Request: UTF8String): UTF8String;
begin
  NeedLibrary(FBiblioteca);
  Result := Execute(Request);
end;

procedure TAvComponente.Hear(const Event: UTF8String);
begin
  if Assigned(FOnEtapa) then
    FOnEtapa(Self, ReadProgress(Event));
end;

procedure TAvComponente.NeedBackground(const Method: string);
begin
  if GetCurrentThreadId <> MainThreadID then
    raise EAverbadorUso.CreateFmt('%s vale somente na thread principal.', [Method]);
  if EmAndamento then
    raise EAverbadorUso.CreateFmt('%s ainda trabalha: espere por OnFim, ou use outro objeto.', [Method]);
  FreeWorkers(False);
  NeedLibrary(FBiblioteca);
end;

function TAvComponente.Configurar(const Ajustes: string): TAvConfiguracao;
begin
  Result := Configure(AvUtf8(Ajustes));
end;

function TAvComponente.ConfigurarPeloArquivo(const Arquivo: string): TAvConfiguracao;
var
  Settings: UTF8String;
begin
  try
    Settings := JsonContent(Arquivo);
  except
    on E: EStreamError do
    begin
      Result.Sucesso := False;
      Result.Avisos := nil;
      Result.Mensagem := Format('Falha ao ler os ajustes em "%s".', [Arquivo]);
      Result.Erros := OneError(AV_ERR_FILE_NO_PERMISSION, Result.Mensagem);
      Result.Erros[0].Detalhe := string(E.Message);
      Exit;
    end;
  end;
  Result := Configure(Settings);
end;

function TAvComponente.Configure(const Settings: UTF8String): TAvConfiguracao;
var
  Reply: UTF8String;
begin
  NeedLibrary(FBiblioteca);
  Reply := JsonTake(av_configure(PAnsiChar(Settings)));
  Result.Sucesso := Succeeded(Reply);
  Result.Avisos := ReadTexts(Reply, '/avisos');
  Result.Erros := ReadErrors(Reply);
  Result.Mensagem := FirstText(Result.Erros);
end;

procedure TAvComponente.Interromper;
begin
  StopCalls;
end;

function TAvComponente.GetEmAndamento: Boolean;
begin
  Result := HasWorker;
end;

function TAvComponente.GetVersao: string;
begin
  NeedLibrary(FBiblioteca);
  Result := AvCopy(av_version());
end;

// The class itself

function TAverbador.AskKeeping(const Request: UTF8String): UTF8String;
begin
  Result := Ask(Request);
  KeepSession(JsonText(Result, '/cookie'));
end;

procedure TAverbador.KeepSession(const Session: string);
begin
  if Session <> '' then
    FCookie := Session;
end;

// For an operation that logs in by itself where it must.
function TAverbador.FlowRequest(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
begin
  Result := JsonRequest(Mode, [JsonField('user', FUsuario), JsonField('pass', FSenha), JsonField('cookie', FCookie),
    JsonJoin(Fields)]);
end;

// The only path; '' if there are more, or none.
function OnlyOne(Arquivos: TStrings): string;
begin
  if Arquivos.Count = 1 then
    Result := string(Arquivos[0])
  else
    Result := '';
end;

function TAverbador.LotRequest(Arquivos: TStrings): UTF8String;
var
  Paths: UTF8String;
begin
  Paths := '';
  if not FReenviar and (FDiario = '') then
    Paths := JsonField('cte', OnlyOne(Arquivos)); // one document by itself takes fewer requests, but has no diary
  if Paths = '' then
    Paths := JsonListField('cte', Arquivos);
  Result := FlowRequest('Averba', [Paths, JsonFlagField('reenviar', FReenviar), JsonField('diario', FDiario)]);
end;

function TAverbador.Login: TAvLogin;
var
  Reply: UTF8String;
begin
  Reply := AskKeeping(JsonRequest('login', [JsonField('user', FUsuario), JsonField('pass', FSenha)]));
  Result.Sucesso := Succeeded(Reply);
  Result.Cookie := JsonText(Reply, '/cookie');
  Result.Erros := ReadErrors(Reply);
  Result.Mensagem := FirstText(Result.Erros);
end;

function TAverbador.EnviarArquivo(const Arquivo: string): TAvEnvio;
begin
  Result := ReadUpload(AskKeeping(JsonRequest('Upload', [JsonField('cte', Arquivo), JsonField('cookie', FCookie)])));
end;

function TAverbador.Consultar(const Chave: string): TAvAverbacao;
begin
  Result := ReadDocument(AskKeeping(JsonRequest('Consulta', [JsonField('chave', Chave), JsonField('cookie', FCookie)])));
end;

function TAverbador.Consultar(Chaves: TStrings): TAvLote;
begin
  Result := ReadLot(AskKeeping(JsonRequest('Consulta', [JsonListField('chave', Chaves), JsonField('cookie', FCookie)])), '');
end;

function TAverbador.Averbar(const Arquivo: string): TAvAverbacao;
begin
  Result := ReadDocument(AskKeeping(FlowRequest('Averba', [JsonField('cte', Arquivo)])));
  Result.Arquivo := Arquivo;
end;

function TAverbador.Averbar(Arquivos: TStrings): TAvLote;
begin
  Result := ReadLot(AskKeeping(LotRequest(Arquivos)), OnlyOne(Arquivos));
end;

procedure TAverbador.AverbarEmSegundoPlano(Arquivos: TStrings);
begin
  NeedBackground('AverbarEmSegundoPlano');
  TLotWorker.Create(Self, LotRequest(Arquivos), OnlyOne(Arquivos));
end;

procedure TAverbador.AverbarEmSegundoPlano(const Arquivo: string);
var
  Arquivos: TStringList;
begin
  Arquivos := TStringList.Create;
  try
    Arquivos.Add(Arquivo);
    AverbarEmSegundoPlano(Arquivos);
  finally
    Arquivos.Free;
  end;
end;

function TAverbador.Cancelar(const Arquivo: string): TAvCancelamento;
var
  Reply: UTF8String;
begin
  Reply := AskKeeping(FlowRequest('Cancela', [JsonField('cte', Arquivo)]));
  Result.Sucesso := Succeeded(Reply);
  Result.Chave := JsonText(Reply, '/chave');
  Result.Etapa := JsonText(Reply, '/etapa');
  Result.Erros := ReadErrors(Reply);
  Result.Mensagem := FirstText(Result.Erros);
end;

function TAverbador.Listar(const Filtro: TAvFiltro): TAvLista;
const
  DateNames: array[TAvData] of string = ('emissao', 'envio', 'atualizacao');
begin
  Result := ReadListing(AskKeeping(FlowRequest('Lista', [JsonField('modelo', Filtro.Modelo),
    JsonField('numero', Filtro.Numero), JsonField('protocolo', Filtro.Protocolo), JsonField('CNPJ', Filtro.Cnpj),
    JsonField('data', DateNames[Filtro.Data]), JsonField('inicio', Day(Filtro.Inicio)),
    JsonField('fim', Day(Filtro.Fim)), JsonNumberField('limite', Filtro.Limite)])));
end;

function TAverbador.Diagnosticar: TAvDiagnostico;
begin
  Result := ReadDiagnosis(AskKeeping(JsonRequest('Diagnostico', [JsonField('cookie', FCookie)])));
end;

end.
