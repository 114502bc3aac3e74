/*
 * Averba CT-e em C++: um, com as etapas; vários; consulta; lista; e um que é recusado.
 *
 *   exemplo BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO
 *
 * AJUSTES é um arquivo JSON ("{}" são os normais); CTE, um XML; VARIOS, uma pasta ou um ZIP; RECUSADO, um XML que não serve.
 * Termina com 0 se os primeiros foram averbados, 1 se algo falhou, 2 se o uso foi errado.
 *
 *   g++ -std=c++17 exemplo.cpp -o exemplo -ldl                       Linux
 *   i686-w64-mingw32-g++ -std=c++17 -municode -static exemplo.cpp    Windows, 32 bits
 *   cl /std:c++17 /utf-8 /EHsc exemplo.cpp                           Windows, Visual C++
 */
#include <fstream>
#include <iostream>
#include <iterator>

#include "averbador.hpp"

using averbador::Biblioteca;
using averbador::Resposta;
using averbador::pedido;

namespace {

struct Acesso {
    std::string usuario, senha, cookie;
};

const char *sim(const std::string &valor)
{
    return valor == "true" ? "sim" : "não";
}

void mostrar_erro(const Resposta &resposta)
{
    std::cout << "  Código: " << resposta.texto("/error/0/code") << '\n'
              << "  Mensagem: " << resposta.texto("/error/0/msg") << '\n' /* em português, pronta para o usuário */
              /* tentar de novo, mais tarde, pode resolver */
              << "  Repetir: " << sim(resposta.texto("/error/0/repetir")) << '\n'
              /* pode ter sido feito: consultar antes de enviar de novo */
              << "  Incerto: " << sim(resposta.texto("/error/0/incerto")) << '\n';
}

bool mostrar_etapa(const Resposta &evento)
{
    const std::string estado = evento.texto("/estado");
    if (estado == "inicio" || estado == "repetindo")
        std::cout << "  " << evento.texto("/n") << '/' << evento.texto("/total") << ' ' << evento.texto("/msg") << '\n';
    return false; /* true: parar */
}

bool mostrar_protocolo(const Resposta &resposta)
{
    if (!resposta.sucesso()) {
        mostrar_erro(resposta);
        return false;
    }
    /* o protocolo é o número que vai no MDF-e */
    std::cout << "  " << resposta.texto("/chave") << " averbado: " << resposta.texto("/protocolo") << '\n';
    return true;
}

std::string averba(const Acesso &acesso, const std::string &caminho)
{
    return pedido({{"mod", "Averba"},
                   {"user", acesso.usuario},
                   {"pass", acesso.senha},
                   {"cookie", acesso.cookie},
                   {"cte", caminho}});
}

bool averbar_varios(const Biblioteca &porto, const Acesso &acesso, const std::string &pasta)
{
    const Resposta resposta = porto.executar(averba(acesso, pasta));
    for (const Resposta &documento : resposta.lista("/S")) {
        std::cout << "  " << documento.texto("/arquivo") << ": " << documento.texto("/situacao");
        if (const auto protocolo = documento.campo("/protocolo")) std::cout << ' ' << *protocolo;
        std::cout << '\n';
    }
    if (!resposta.sucesso()) mostrar_erro(resposta);
    return resposta.sucesso();
}

bool listar(const Biblioteca &porto, const Acesso &acesso, const std::string &numero)
{
    const Resposta resposta = porto.executar(pedido({{"mod", "Lista"},
                                                     {"user", acesso.usuario},
                                                     {"pass", acesso.senha},
                                                     {"cookie", acesso.cookie},
                                                     {"numero", numero}}));
    for (const Resposta &documento : resposta.lista("/S")) {
        std::cout << "  " << documento.texto("/chave") << " averbado: " << sim(documento.texto("/averbado"))
                  << ", cancelado: " << sim(documento.texto("/cancelado")) << '\n';
    }
    if (!resposta.sucesso()) mostrar_erro(resposta);
    return resposta.sucesso();
}

/* argumentos: BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO */
bool exemplo(const std::vector<std::filesystem::path> &argumentos)
{
    auto texto = [&argumentos](std::size_t lugar) { return averbador::utf8(argumentos[lugar]); };
    std::ifstream arquivo(argumentos[1], std::ios::binary);
    const std::string ajustes{std::istreambuf_iterator<char>(arquivo), {}};

    const Biblioteca porto(argumentos[0]);
    std::cout << "averbador " << porto.versao() << '\n';
    const Resposta configurado = porto.configurar(ajustes);
    if (!configurado.sucesso()) {
        mostrar_erro(configurado);
        return false;
    }

    std::cout << "1. Entrar\n";
    const Resposta sessao = porto.login(texto(2), texto(3));
    if (!sessao.sucesso()) {
        mostrar_erro(sessao);
        return false;
    }
    /* O cookie vale por dias: um programa de verdade o guarda. Com usuário e senha, a sessão que acabou é renovada, e então
     * a resposta traz o novo em "cookie". */
    const Acesso acesso{texto(2), texto(3), sessao.texto("/cookie")};
    std::cout << "  Sessão aberta.\n";

    std::cout << "2. Averbar um CT-e, com as etapas\n";
    const Resposta um = porto.executar(averba(acesso, texto(4)), mostrar_etapa);
    bool certo = mostrar_protocolo(um);
    std::cout << "3. Averbar vários\n";
    certo &= averbar_varios(porto, acesso, texto(5));
    std::cout << "4. Consultar\n";
    certo &= mostrar_protocolo(porto.consultar(acesso.cookie, um.texto("/chave")));
    std::cout << "5. Listar os CT-e com o mesmo número\n";
    certo &= listar(porto, acesso, um.texto("/numero"));
    std::cout << "6. Um que é recusado\n";
    mostrar_protocolo(porto.executar(averba(acesso, texto(6)), mostrar_etapa));
    return certo;
}

} // namespace

#ifdef _WIN32
int wmain(int argc, wchar_t **argv) /* os argumentos de main passaram pela página de código ANSI */
#else
int main(int argc, char **argv)
#endif
{
#ifdef _WIN32
    SetConsoleOutputCP(CP_UTF8);
#endif
    if (argc != 8) {
        std::cerr << "Uso: exemplo BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO\n";
        return 2;
    }
    try {
        return exemplo({argv + 1, argv + argc}) ? 0 : 1;
    } catch (const std::exception &erro) {
        std::cerr << erro.what() << '\n';
        return 1;
    }
}
