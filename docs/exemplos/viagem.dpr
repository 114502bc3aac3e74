program viagem;

// Como o SIEM, um programa em Delphi, emite o MDF-e de uma viagem: monta o documento, averba os CT-e, emite em segundo
// plano, guarda o DAMDFE. Os trechos marcados estão no guia (docs/integracao.md), e os testes compilam e rodam este programa.
//
//   viagem AJUSTES USUARIO SENHA PASTA CTE...
//
// AJUSTES é um arquivo JSON com os ajustes da biblioteca; o DAMDFE vai para PASTA.

{$APPTYPE CONSOLE}
{$IFDEF FPC}
  {$MODE DELPHI}
{$ENDIF}

uses
  {$IFDEF UNIX} cthreads, {$ENDIF}
  {$IFDEF MSWINDOWS} Windows, {$ENDIF}
  SysUtils,
  Classes,
  AverbadorApi in '..\..\delphi\AverbadorApi.pas',
  AverbadorJson in '..\..\delphi\AverbadorJson.pas',
  AverbadorChamada in '..\..\delphi\AverbadorChamada.pas',
  Averbador in '..\..\delphi\Averbador.pas',
  AverbadorMdfe in '..\..\delphi\AverbadorMdfe.pas';

type
  // No SIEM, um formulário.
  TPrincipal = class
  private
    Porto: TAverbador;
    Mdfe: TMdfe;
    Ctes: TStringList;
    Fim, Aprovado: Boolean;
    function MontarDocumento: TMdfeDocumento;
    procedure EmitirClick;
    procedure MostrarEtapa(Sender: TObject; const Progresso: TAvProgresso);
    procedure EmissaoTerminou(Sender: TObject; const Resultado: TMdfeResultado);
    procedure EncerrarAberto(const Chave: string);
    procedure NotificacaoChegou(const Corpo, SegredoRecebido: string);
    procedure GravarAverbacao(const Chave, Protocolo: string);
    procedure GravarMdfe(const Uuid, Chave, Situacao: string);
    procedure Preparar;
    procedure Avisar;
  end;

const
  Segredo = 'e5f7c1'; // também no endereço em url_notificacao

// Num formulário, um rótulo ou ShowMessage; aqui, a saída do programa, em UTF-8.
procedure Mostrar(const Linha: string);
var
  Bytes: UTF8String;
begin
  Bytes := AvUtf8(Linha + sLineBreak);
  FileWrite({$IFDEF MSWINDOWS} GetStdHandle(STD_OUTPUT_HANDLE) {$ELSE} StdOutputHandle {$ENDIF},
    PAnsiChar(Bytes)^, Length(Bytes));
end;

// Num formulário, MessageDlg; aqui se encerra sempre.
function Perguntar(const Pergunta: string): Boolean;
begin
  Mostrar(Pergunta);
  Result := True;
end;

function Pasta: string;
begin
  Result := IncludeTrailingPathDelimiter(ParamStr(4));
end;

procedure TPrincipal.GravarAverbacao(const Chave, Protocolo: string);
begin
  Mostrar('Gravada a averbacao: ' + Chave + ' ' + Protocolo);
end;

procedure TPrincipal.GravarMdfe(const Uuid, Chave, Situacao: string);
begin
  Mostrar('Gravado o MDF-e: ' + Uuid + ' ' + Chave + ' ' + Situacao);
end;

procedure TPrincipal.Preparar;
var
  I: Integer;
begin
  Ctes := TStringList.Create;
  for I := 5 to ParamCount do
    Ctes.Add(ParamStr(I));
  Porto := TAverbador.Create(nil);
  Porto.Usuario := ParamStr(2);
  Porto.Senha := ParamStr(3);
  Mdfe := TMdfe.Create(nil);
  if not Mdfe.ConfigurarPeloArquivo(ParamStr(1)).Sucesso then
    raise Exception.Create('Ajustes recusados.');
end;

// guia: documento
function TPrincipal.MontarDocumento: TMdfeDocumento;
var
  Cidade: string;
begin
  Result := TMdfeDocumento.Create;
  Result.Definir('ambiente', 2); // 1: produção; 2: homologação. Não há valor normal: diga sempre
  Result.Definir('emitente', 1);
  Result.Definir('modalidade', 1);
  Result.Definir('uf_carregamento', 'PR');
  Result.Definir('uf_descarregamento', 'RS');
  Result.DefinirDecimal('valor_carga', 18250.4, 2);
  Result.Definir('unidade', '01');
  Result.DefinirDecimal('peso_bruto', 4210.5, 4);
  Result.Definir('percurso/-', 'SC'); // "-" é uma posição nova no fim da lista
  Result.Definir('carregamento/0/nome_municipio', 'Curitiba');
  Result.Definir('carregamento/0/codigo_municipio', '4106902');

  Cidade := Result.Acrescentar('descarregamento'); // para cada município; aqui, 'descarregamento/0'
  Result.Definir(Cidade + '/nome_municipio', 'Porto Alegre');
  Result.Definir(Cidade + '/codigo_municipio', '4314902');
  Result.Definir(Cidade + '/documentos_fiscais/-/chave', '41260599990001000198570010000047111283746517');
  Result.Definir(Cidade + '/documentos_fiscais/-/chave', '43260699990002000132570020000009821102938470');
  Cidade := Result.Acrescentar('descarregamento');
  Result.Definir(Cidade + '/nome_municipio', 'Caxias do Sul');
  Result.Definir(Cidade + '/codigo_municipio', '4305108');
  Result.Definir(Cidade + '/documentos_fiscais/-/chave', '31260799990005000176570000000000661506070802');

  Result.Definir('produto_predominante/tipo_carga', '05');
  Result.Definir('produto_predominante/nome', 'Pneus');
  Result.Definir('produto_predominante/ncm', ''); // vazio: o campo não vai
  Result.Definir('seguro/0/responsavel/tipo_responsavel', 1);
  Result.Definir('seguro/0/seguradora/nome_seguradora', 'Porto Seguro');
  Result.Definir('seguro/0/seguradora/cnpj', '61.198.164/0001-60');
  Result.Definir('seguro/0/numero_apolice', '5400001234'); // numero_averbacao fica com a biblioteca
  Result.Definir('rodoviario/rntrc', '12345678');
  Result.Definir('rodoviario/veiculo_tracao/placa', 'ABC1D23');
  Result.Definir('rodoviario/veiculo_tracao/tara', 8500);
  Result.Definir('rodoviario/veiculo_tracao/tipo_rodado', '01');
  Result.Definir('rodoviario/veiculo_tracao/tipo_carroceria', '02');
  Result.Definir('rodoviario/veiculo_tracao/uf_licenciamento', 'PR');
  Result.Definir('rodoviario/condutor/0/cpf', '529.982.247-25');
  Result.Definir('rodoviario/condutor/0/nome', 'Antonio da Silva');
  Result.Definir('rodoviario/ciot/0/codigo_ciot', '123456789012');
  Result.Definir('rodoviario/ciot/0/cnpj_responsavel', '99990001000198');
  Result.Definir('rodoviario/contratante/0/cnpj', '99.990.001/0001-98');
end;
// guia: fim

// guia: emitir
procedure TPrincipal.EmitirClick;
var
  Documento: TMdfeDocumento;
begin
  Mdfe.Averbador := Porto; // com usuário e senha do AverbePorto
  Mdfe.Ctes.Assign(Ctes); // os XML da viagem: são averbados antes
  Mdfe.Aguardar := 120; // segundos, pela decisão da Sefaz
  Mdfe.OnEtapa := MostrarEtapa;
  Mdfe.OnFim := EmissaoTerminou;
  Documento := MontarDocumento;
  try
    Mdfe.EmitirEmSegundoPlano(Documento); // volta logo
  finally
    Documento.Free;
  end;
end;

procedure TPrincipal.EmissaoTerminou(Sender: TObject; const Resultado: TMdfeResultado);
var
  I: Integer;
begin
  for I := 0 to High(Resultado.Averbacao.Documentos) do // primeiro o que já vale, tenha o MDF-e saído ou não
    if Resultado.Averbacao.Documentos[I].Sucesso then
      GravarAverbacao(Resultado.Averbacao.Documentos[I].Chave, Resultado.Averbacao.Documentos[I].Protocolo);
  if Resultado.Uuid <> '' then
    GravarMdfe(Resultado.Uuid, Resultado.Chave, Resultado.NomeDaSituacao);

  for I := 0 to High(Resultado.Avisos) do
    Mostrar(Resultado.Avisos[I].Mensagem + ' ' + Resultado.Avisos[I].Acao);
  if Resultado.Sucesso then
    Aprovado := Mdfe.BaixarPdf(Resultado.Chave, Pasta + 'damdfe.pdf').Sucesso
  else
    Mostrar(Resultado.Mensagem);
  for I := 0 to High(Resultado.Pendencias) do // numa lista, que leva ao campo na tela
    Mostrar(Resultado.Pendencias[I].Campo + ': ' + Resultado.Pendencias[I].Mensagem + ' ' + Resultado.Pendencias[I].Acao);
  if Resultado.Incerto then
    Mostrar('Emitir fica desligado nesta viagem.'); // até se saber pelo painel do Webmania ou por uma notificação
  if Resultado.MdfeAberto.Chave <> '' then
    EncerrarAberto(Resultado.MdfeAberto.Chave);
  Fim := True;
end;
// guia: fim

procedure TPrincipal.MostrarEtapa(Sender: TObject; const Progresso: TAvProgresso);
begin
  if Progresso.Estado = avInicio then
    Mostrar(Progresso.Mensagem);
end;

// guia: encerrar
procedure TPrincipal.EncerrarAberto(const Chave: string);
var
  Encerrado: TMdfeResultado;
begin
  if not Perguntar('O MDF-e ' + Chave + ' continua aberto. Encerrar?') then
    Exit;
  Encerrado := Mdfe.Encerrar(Chave, 'RS', 'Porto Alegre'); // onde a viagem anterior terminou: pergunte
  if Encerrado.Sucesso then // o usuário pode emitir de novo
    GravarMdfe(Encerrado.Uuid, Encerrado.Chave, Encerrado.NomeDaSituacao)
  else
    Mostrar(Encerrado.Mensagem);
end;
// guia: fim

// guia: notificacao
// No servidor web do ERP: Corpo é o que foi recebido, e SegredoRecebido o que veio no endereço chamado.
procedure TPrincipal.NotificacaoChegou(const Corpo, SegredoRecebido: string);
var
  Resultado: TMdfeResultado;
begin
  Resultado := Mdfe.LerNotificacao(Corpo, Segredo, SegredoRecebido);
  if Resultado.Sucesso then
    Resultado := Mdfe.Consultar(Resultado.Uuid); // ela só avisa: quem diz é o Webmania
  if Resultado.Uuid <> '' then
    GravarMdfe(Resultado.Uuid, Resultado.Chave, Resultado.NomeDaSituacao);
end;
// guia: fim

// Uma notificação como o Webmania a manda; a viagem não está lá, e nada se grava.
procedure TPrincipal.Avisar;
begin
  NotificacaoChegou('{"uuid":"90d30c80-d0be-4c8f-a749-a818989222ca","chave":"","serie":1,"numero":1,"status":"aprovado",' +
    '"motivo":"","xml":"","damdfe":"","log":[]}', Segredo);
end;

var
  Principal: TPrincipal;
begin
  if ParamCount < 5 then
  begin
    Mostrar('Uso: viagem AJUSTES USUARIO SENHA PASTA CTE...');
    Halt(2);
  end;
  Principal := TPrincipal.Create;
  try
    Principal.Preparar;
    Principal.EmitirClick;
    while not Principal.Fim do
      CheckSynchronize(10); // numa tela, quem faz isso é o laço de mensagens
    Principal.Avisar;
    if not Principal.Aprovado then
      ExitCode := 1;
  finally
    Principal.Mdfe.Free;
    Principal.Porto.Free;
    Principal.Ctes.Free;
    Principal.Free;
  end;
end.
