/*
 * The testers' commands for MDF-e: each puts a request together, which harness.c executes.
 */
#ifndef MDFE_H
#define MDFE_H

#include "request.h"
#include "secret.h"

#include <limits.h>

struct mdfe_options {
    const char *wait;
    const char *endorsements;
    int contingency;
};

/* Each puts its words into the request; 0 if a file cannot be read, of which stderr tells. */
struct mdfe_command {
    const char *name, *mod;
    int least, most;
    int (*put)(struct text *request, char **words, int count, const struct mdfe_options *options);
};

/* A document: a file, or any other argument that is JSON. */
static inline int put_document(struct text *request, const char *argument)
{
    char *file, *json;
    if (argument[0] == '{' || argument[0] == '@' || strcmp(argument, "-") == 0) {
        json = json_of(argument);
    } else {
        file = allocated(strlen(argument) + 2);
        sprintf(file, "@%s", argument);
        json = json_of(file);
        free(file);
    }
    if (json == NULL) return 0;
    put_json(request, "mdfe", json);
    free(json);
    return 1;
}

/* One averbaRet, or a list of them. */
static inline int put_endorsements(struct text *request, const char *argument)
{
    char *json;
    int is_list;
    if (argument == NULL) return 1;
    json = json_of(argument);
    if (json == NULL) return 0;
    is_list = json[strspn(json, " \t\r\n")] == '[';
    put_json(request, "averbacoes", is_list ? "" : "[");
    put_text(request, json);
    if (!is_list) put_text(request, "]");
    free(json);
    return 1;
}

/* Which MDF-e: only a uuid has hyphens. */
static inline void put_which(struct text *request, const char *word)
{
    put_field(request, strchr(word, '-') != NULL ? "uuid" : "chave", word);
}

static inline int put_emission(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    char *pass;
    struct text login = {0};
    if (!put_document(request, words[0]) || !put_endorsements(request, options->endorsements)) return 0;
    if (count == 2 || count == 3) {
        fputs("Faltam USUÁRIO, SENHA ou os arquivos dos CT-e. Veja: harness --help\n", stderr);
        return 0;
    }
    if (count > 3) {
        pass = password(words[2]);
        put_field(&login, "user", words[1]);
        put_field(&login, "pass", pass);
        put_list(&login, "cte", words + 3, count - 3);
        put_text(&login, "}");
        put_json(request, "averbar", login.bytes);
        free(login.bytes);
        free(pass);
    }
    if (options->contingency) put_json(request, "contingencia_averbacao", "true");
    return 1;
}

static inline int put_emite(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    return put_wait(request, options->wait) && put_emission(request, words, count, options);
}

static inline int put_valida(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    put_json(request, "somente_validar", "true");
    return put_emission(request, words, count, options);
}

static inline int put_consulta(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    (void)count;
    put_which(request, words[0]);
    return put_wait(request, options->wait);
}

static inline int put_encerra(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    (void)options;
    put_which(request, words[0]);
    put_field(request, "uf", words[1]);
    put_field(request, "municipio", words[2]);
    if (count == 4) put_field(request, "codigo_municipio", words[3]);
    return 1;
}

static inline int put_cancela(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    (void)count;
    (void)options;
    put_which(request, words[0]);
    put_field(request, "justificativa", words[1]);
    return 1;
}

static inline int put_condutor(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    (void)count;
    (void)options;
    put_which(request, words[0]);
    put_field(request, "cpf", words[1]);
    put_field(request, "nome", words[2]);
    return 1;
}

static inline int put_arquivo(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    (void)count;
    (void)options;
    put_field(request, strncmp(words[0], "http", 4) == 0 ? "url" : "chave", words[0]);
    put_field(request, "tipo", words[1]);
    put_field(request, "arquivo", words[2]);
    return 1;
}

/* The body goes as the text that it is, as from a web server. */
static inline int put_notificacao(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    char *body = text_of(words[0]);
    (void)options;
    if (body == NULL) return 0;
    put_field(request, "corpo", body);
    free(body);
    if (count == 2) {
        fputs("Falta o segredo RECEBIDO. Veja: harness --help\n", stderr);
        return 0;
    }
    if (count == 3) {
        put_field(request, "segredo", words[1]);
        put_field(request, "segredo_recebido", words[2]);
    }
    return 1;
}

static inline int put_nothing(struct text *request, char **words, int count, const struct mdfe_options *options)
{
    (void)request;
    (void)words;
    (void)count;
    (void)options;
    return 1;
}

static const struct mdfe_command MDFE_COMMANDS[] = {
    {"emite", "mdfeEmite", 1, INT_MAX, put_emite},
    {"valida", "mdfeEmite", 1, INT_MAX, put_valida},
    {"consulta", "mdfeConsulta", 1, 1, put_consulta},
    {"encerra", "mdfeEncerra", 3, 4, put_encerra},
    {"cancela", "mdfeCancela", 2, 2, put_cancela},
    {"condutor", "mdfeCondutor", 3, 3, put_condutor},
    {"arquivo", "mdfeArquivo", 3, 3, put_arquivo},
    {"notificacao", "mdfeNotificacao", 1, 3, put_notificacao},
    {"regras", "mdfeRegras", 0, 0, put_nothing},
};

static inline const struct mdfe_command *find_mdfe_command(const char *name)
{
    size_t i;
    for (i = 0; i < sizeof MDFE_COMMANDS / sizeof *MDFE_COMMANDS; i++) {
        if (strcmp(MDFE_COMMANDS[i].name, name) == 0) return &MDFE_COMMANDS[i];
    }
    return NULL;
}

/* Begins the request of a command, all but its closing brace. 0 if its words make no sense, of which stderr tells. */
static inline int put_mdfe(struct text *request, const struct mdfe_command *command, char **words, int count,
                           const struct mdfe_options *options)
{
    char *token = from_environment("AVERBADOR_TOKEN");
    put_field(request, "mod", command->mod);
    if (token != NULL && token[0] != 0 && command->put != put_notificacao && command->put != put_nothing) {
        put_field(request, "token", token);
    }
    free(token);
    return command->put(request, words, count, options);
}

#endif
