"""O averbador em Python 3, por ctypes: averbador.dll no Windows, libaverbador.so no Linux.

Os pedidos e as respostas são dicts; os campos estão no cabeçalho averbador.h e no guia de integração. O que a rede, o
serviço ou o arquivo tiverem de errado vem na resposta (`status` 0 e `error`), nunca como exceção: de muitos documentos,
uns podem ter sido averbados e outros não. Exceção é erro de instalação, ou da função de etapas.
"""

import ctypes
import json

# int32_t (AV_CALL *av_progress_fn)(const char *event_json, void *context): cdecl, que é o que CFUNCTYPE faz.
_ETAPA = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)

# Os textos devolvidos são c_void_p, não c_char_p: este o ctypes converte em bytes, e o ponteiro que se deve devolver a
# av_free estaria perdido. Sem restype, em 64 bits, o ponteiro seria cortado para 32.
_FUNCOES = {
    "av_login": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]),
    "av_consulta": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]),
    "av_execute": (ctypes.c_void_p, [ctypes.c_char_p, _ETAPA, ctypes.c_void_p]),
    "av_configure": (ctypes.c_void_p, [ctypes.c_char_p]),
    "av_free": (None, [ctypes.c_void_p]),
    "av_version": (ctypes.c_char_p, []),  # estático: este não se libera
    "av_shutdown": (None, []),
}


class Averbador:
    """A biblioteca. Vale para o processo todo: uma instância basta, e pode ser usada de qualquer thread.

    As chamadas esperam pela rede. O ctypes solta o GIL enquanto isso: outras threads de Python continuam.

        with Averbador(r"C:\\erp\\averbador.dll") as porto:
            resposta = porto.login("USUARIO", "SENHA")
    """

    def __init__(self, biblioteca):
        """Carrega a biblioteca, que deve ter a largura (32 ou 64 bits) do Python: senão, OSError.

        Dê o caminho inteiro: só com o nome, é o Windows quem decide em que pastas procurar, e qual DLL acha primeiro.
        """
        self._dll = ctypes.CDLL(str(biblioteca))  # CDLL é cdecl; WinDLL seria stdcall
        for nome, (resultado, argumentos) in _FUNCOES.items():
            funcao = getattr(self._dll, nome)
            funcao.restype, funcao.argtypes = resultado, argumentos

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.encerrar()

    @property
    def versao(self):
        return self._dll.av_version().decode()

    def configurar(self, ajustes):
        return self._resposta(self._dll.av_configure(_json(ajustes)))

    def login(self, usuario, senha):
        return self._resposta(self._dll.av_login(usuario.encode(), senha.encode()))

    def consultar(self, cookie, chave):
        return self._resposta(self._dll.av_consulta(cookie.encode(), chave.encode()))

    def executar(self, pedido, etapa=None):
        """Faz o que o `mod` do pedido diz. `etapa(evento)` é chamada a cada etapa; se devolver True, a chamada para
        assim que for seguro. Ela roda nesta mesma thread, que está esperando: numa tela, chame de outra thread."""
        erros = []

        def chamada(evento, _contexto):
            # Uma exceção não pode atravessar a biblioteca: é guardada, a chamada para, e ela segue depois, abaixo.
            try:
                return bool(etapa(json.loads(evento)))
            except BaseException as erro:
                erros.append(erro)
                return True

        # A variável mantém a função viva enquanto a biblioteca pode chamá-la; _ETAPA() sozinho é NULL.
        funcao = _ETAPA(chamada) if etapa else _ETAPA()
        resposta = self._resposta(self._dll.av_execute(_json(pedido), funcao, None))
        if erros:
            raise erros[0]
        return resposta

    def encerrar(self):
        """Espera pelas chamadas em andamento e fecha conexões e threads. A próxima chamada começa de novo."""
        self._dll.av_shutdown()

    def _resposta(self, ponteiro):
        """O texto em `ponteiro`, que é nosso até o devolvermos."""
        try:
            return json.loads(ctypes.string_at(ponteiro))
        finally:
            self._dll.av_free(ponteiro)


def _json(valor):
    return json.dumps(valor, ensure_ascii=False).encode()  # UTF-8, como tudo o que entra e sai
