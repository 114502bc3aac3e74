/*
 * O averbador em C++17: só este arquivo e averbador.h, a biblioteca carregada pelo caminho (não se liga com nada).
 *
 * Os textos são UTF-8, também os caminhos dentro dos pedidos. O que a rede, o serviço ou o arquivo tiverem de errado vem na
 * resposta, nunca como exceção; exceção é erro de instalação, ou da função de etapas.
 */
#ifndef AVERBADOR_HPP
#define AVERBADOR_HPP

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef _WIN32
#  ifndef NOMINMAX
#    define NOMINMAX
#  endif
#  include <windows.h>
#else
#  include <dlfcn.h>
#endif

#include "averbador.h"

namespace averbador {

/* Um caminho em UTF-8, como vai nos pedidos; no Windows ele é de letras largas. (Em C++20, u8string não é mais string.) */
inline std::string utf8(const std::filesystem::path &caminho)
{
    const auto texto = caminho.u8string();
    return {texto.begin(), texto.end()};
}

/* Os tipos vêm do cabeçalho, com a convenção de chamada: se ele mudar, isto não compila. */
using av_field_fn = decltype(&av_field);
using av_free_fn = decltype(&av_free);

/* Um texto JSON da biblioteca, que volta a ela por av_free quando a Resposta morre. */
class Resposta {
public:
    Resposta(char *json, av_field_fn campo, av_free_fn liberar) : json_(json, liberar), campo_(campo) {}

    /* O texto inteiro, para quem tem uma biblioteca de JSON: com milhares de documentos, ela é mais rápida. */
    const char *json() const { return json_.get(); }

    /* 1 ou "1", conforme a resposta: av_field dá o texto 1 para os dois. */
    bool sucesso() const { return campo("/status") == "1"; }

    /* Um valor, por um ponteiro JSON como "/error/0/msg". */
    std::optional<std::string> campo(const std::string &ponteiro) const
    {
        const std::unique_ptr<char, av_free_fn> valor(campo_(json(), ponteiro.c_str()), json_.get_deleter());
        return valor ? std::optional<std::string>(valor.get()) : std::nullopt;
    }

    /* O mesmo, ou "" se não há. */
    std::string texto(const std::string &ponteiro) const { return campo(ponteiro).value_or(""); }

    /* As entradas de uma lista, como "/S". */
    std::vector<Resposta> lista(const std::string &ponteiro) const
    {
        std::vector<Resposta> entradas;
        auto proxima = [&] { return campo_(json(), (ponteiro + "/" + std::to_string(entradas.size())).c_str()); };
        while (char *entrada = proxima()) entradas.emplace_back(entrada, campo_, json_.get_deleter());
        return entradas;
    }

private:
    std::unique_ptr<char, av_free_fn> json_;
    av_field_fn campo_;
};

/* Um pedido, {"nome":"valor",…}: escapa aspas, barras e controles, que há em caminhos e senhas. */
inline std::string pedido(std::initializer_list<std::pair<std::string_view, std::string_view>> campos)
{
    std::string json;
    auto texto = [&json](std::string_view valor) {
        json += '"';
        for (const char c : valor) {
            if (static_cast<unsigned char>(c) < 0x20) {
                char escapado[7];
                std::snprintf(escapado, sizeof escapado, "\\u%04x", static_cast<unsigned>(c));
                json += escapado;
            } else {
                if (c == '"' || c == '\\') json += '\\';
                json += c;
            }
        }
        json += '"';
    };
    for (const auto &[nome, valor] : campos) {
        json += json.empty() ? '{' : ',';
        texto(nome);
        json += ':';
        texto(valor);
    }
    return json + '}';
}

/* Ouve cada etapa, na thread que chamou executar e espera por ela. true: parar assim que for seguro. */
using Etapa = std::function<bool(const Resposta &evento)>;

/* A biblioteca, carregada enquanto esta vive. Vale para o processo todo, e pode ser usada de qualquer thread; as chamadas
 * esperam pela rede. Não faça dela um objeto global numa DLL: o destrutor rodaria dentro de DllMain, e esperaria para sempre. */
class Biblioteca {
public:
    /* A DLL deve ter a largura (32 ou 64 bits) do programa. Dê o caminho inteiro: só com o nome, é o Windows quem decide em
     * que pastas procurar, e qual DLL acha primeiro. */
    explicit Biblioteca(const std::filesystem::path &caminho) : modulo_(caminho) {}

    Biblioteca(const Biblioteca &) = delete;
    Biblioteca &operator=(const Biblioteca &) = delete;

    /* Espera pelas chamadas em andamento e fecha conexões e threads; só depois disso a DLL pode ser descarregada. */
    ~Biblioteca() { shutdown_(); }

    std::string versao() const { return version_(); }

    Resposta configurar(const std::string &ajustes) const { return resposta(configure_(ajustes.c_str())); }

    Resposta login(const std::string &usuario, const std::string &senha) const
    {
        return resposta(login_(usuario.c_str(), senha.c_str()));
    }

    Resposta consultar(const std::string &cookie, const std::string &chave) const
    {
        return resposta(consulta_(cookie.c_str(), chave.c_str()));
    }

    /* Faz o que o "mod" do pedido diz. */
    Resposta executar(const std::string &pedido, const Etapa &etapa = nullptr) const
    {
        Ouvinte ouvinte{*this, etapa, nullptr};
        Resposta feito = resposta(execute_(pedido.c_str(), etapa ? &Ouvinte::chamada : nullptr, &ouvinte));
        if (ouvinte.erro) std::rethrow_exception(ouvinte.erro);
        return feito;
    }

private:
    /* O que a biblioteca chama. Uma exceção não pode atravessá-la: é guardada, a chamada para, e ela segue em executar. */
    struct Ouvinte {
        const Biblioteca &biblioteca;
        const Etapa &etapa;
        std::exception_ptr erro;

        static std::int32_t AV_CALL chamada(const char *evento, void *contexto) noexcept
        {
            auto &ouvinte = *static_cast<Ouvinte *>(contexto);
            try {
                /* O evento é da biblioteca, e não se libera; o ponteiro "" dá uma cópia do todo, que é nossa. */
                const Biblioteca &biblioteca = ouvinte.biblioteca;
                return ouvinte.etapa(biblioteca.resposta(biblioteca.field_(evento, "")));
            } catch (...) {
                ouvinte.erro = std::current_exception();
                return 1;
            }
        }
    };

    class Modulo {
    public:
#ifdef _WIN32
        explicit Modulo(const std::filesystem::path &caminho) : modulo_(LoadLibraryW(caminho.c_str()))
        {
            if (modulo_ != nullptr) return;
            const DWORD erro = GetLastError();
            throw std::runtime_error(utf8(caminho) + " não foi carregada: erro " + std::to_string(erro) +
                                     (erro == ERROR_BAD_EXE_FORMAT ? ", 32 e 64 bits misturados" : ""));
        }
        ~Modulo() { FreeLibrary(modulo_); }
        void *endereco(const char *nome) const { return reinterpret_cast<void *>(GetProcAddress(modulo_, nome)); }
#else
        explicit Modulo(const std::filesystem::path &caminho) : modulo_(dlopen(caminho.c_str(), RTLD_NOW | RTLD_LOCAL))
        {
            if (modulo_ == nullptr) throw std::runtime_error(dlerror());
        }
        ~Modulo() { dlclose(modulo_); }
        void *endereco(const char *nome) const { return dlsym(modulo_, nome); }
#endif
        Modulo(const Modulo &) = delete;
        Modulo &operator=(const Modulo &) = delete;

    private:
#ifdef _WIN32
        HMODULE modulo_;
#else
        void *modulo_;
#endif
    };

    template <typename Funcao>
    Funcao funcao(const char *nome) const
    {
        void *endereco = modulo_.endereco(nome);
        if (endereco == nullptr) throw std::runtime_error(std::string("falta na biblioteca a função ") + nome);
        return reinterpret_cast<Funcao>(endereco);
    }

    Resposta resposta(char *json) const { return {json, field_, free_}; }

    Modulo modulo_; /* antes das funções, que vêm dele: nasce primeiro e morre por último */
    decltype(&av_login) login_ = funcao<decltype(&av_login)>("av_login");
    decltype(&av_consulta) consulta_ = funcao<decltype(&av_consulta)>("av_consulta");
    decltype(&av_execute) execute_ = funcao<decltype(&av_execute)>("av_execute");
    decltype(&av_configure) configure_ = funcao<decltype(&av_configure)>("av_configure");
    av_field_fn field_ = funcao<av_field_fn>("av_field");
    av_free_fn free_ = funcao<av_free_fn>("av_free");
    decltype(&av_version) version_ = funcao<decltype(&av_version)>("av_version");
    decltype(&av_shutdown) shutdown_ = funcao<decltype(&av_shutdown)>("av_shutdown");
};

} // namespace averbador

#endif
