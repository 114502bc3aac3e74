'use strict';

// O averbador em Node.js, por koffi (`npm install`): averbador.dll no Windows, libaverbador.so no Linux.
//
// Os pedidos e as respostas são objetos; os campos estão no cabeçalho averbador.h e no guia de integração. O que a rede, o
// serviço ou o arquivo tiverem de errado vem na resposta (`status` 0 e `error`), nunca como exceção: de muitos documentos,
// uns podem ter sido averbados e outros não. Exceção é erro de instalação, ou da função de etapas.

const { promisify } = require('node:util');
const koffi = require('koffi');

// As chamadas em outra thread têm no koffi uma pilha de 128 KiB, pequena para uma conexão TLS: sem isto o processo cai. 1 MiB é
// o que o Windows dá a uma thread.
koffi.config({ ...koffi.config(), async_stack_size: 1024 * 1024 });

// int32_t (AV_CALL *av_progress_fn)(const char *event_json, void *context)
const ETAPA = koffi.pointer(koffi.proto('int32_t', ['str', 'void *']));

// A biblioteca. Vale para o processo todo: uma instância basta. Cada chamada roda numa thread do koffi, pois espera pela rede;
// o laço de eventos continua livre, e várias podem estar em andamento.
class Averbador {
  #dll;
  #versao;
  #login;
  #consulta;
  #execute;
  #configure;
  #shutdown;

  // A biblioteca deve ter a largura (32 ou 64 bits) do Node, que é `process.arch`. Dê o caminho inteiro: só com o nome, é o
  // Windows quem decide em que pastas procurar, e qual DLL acha primeiro.
  constructor(biblioteca) {
    this.#dll = koffi.load(biblioteca);
    // Um texto devolvido é nosso: o koffi o copia para uma string e, por ser "disposable", o entrega a av_free.
    const texto = koffi.disposable('str', this.#dll.func('av_free', 'void', ['void *']));
    const noutraThread = (nome, resultado, argumentos) =>
      promisify(this.#dll.func(nome, resultado, argumentos).async);
    this.#versao = this.#dll.func('av_version', 'str', []); // estático: este não se libera
    this.#login = noutraThread('av_login', texto, ['str', 'str']);
    this.#consulta = noutraThread('av_consulta', texto, ['str', 'str']);
    this.#execute = noutraThread('av_execute', texto, ['str', ETAPA, 'void *']);
    this.#configure = noutraThread('av_configure', texto, ['str']);
    this.#shutdown = noutraThread('av_shutdown', 'void', []);
  }

  get versao() {
    return this.#versao();
  }

  async configurar(ajustes) {
    return JSON.parse(await this.#configure(JSON.stringify(ajustes)));
  }

  async login(usuario, senha) {
    return JSON.parse(await this.#login(usuario, senha));
  }

  async consultar(cookie, chave) {
    return JSON.parse(await this.#consulta(cookie, chave));
  }

  // Faz o que o `mod` do pedido diz. `etapa(evento)` é chamada a cada etapa; se devolver true, a chamada para assim que for
  // seguro. A biblioteca a chama na thread do koffi, e o koffi a põe na fila do laço de eventos e espera por ela: não prenda o
  // laço enquanto isso. Ela é síncrona; não pode ser async.
  async executar(pedido, etapa) {
    const erros = [];
    const chamada = (evento) => {
      // O koffi faria de uma exceção um 0, que é "continue": é guardada, a chamada para, e ela segue depois, abaixo.
      try {
        return etapa(JSON.parse(evento)) === true ? 1 : 0;
      } catch (erro) {
        erros.push(erro);
        return 1;
      }
    };
    const resposta = await this.#execute(JSON.stringify(pedido), etapa ? chamada : null, null);
    if (erros.length > 0) throw erros[0];
    return JSON.parse(resposta);
  }

  // Espera pelas chamadas em andamento e fecha conexões e threads; a próxima chamada começa de novo. Também noutra thread: uma
  // chamada em andamento pode estar esperando que o laço de eventos rode a sua etapa.
  async encerrar() {
    await this.#shutdown();
  }
}

module.exports = { Averbador };
