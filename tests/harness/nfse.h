/*
 * The testers' commands for NFS-e: each puts a request together, which harness.c executes.
 */
#ifndef NFSE_H
#define NFSE_H

#include "request.h"
#include "secret.h"

#include <limits.h>

struct nfse_options {
    const char *wait, *folder;
};

/* Each puts its words into the request; 0 if they make no sense, of which stderr tells. */
struct nfse_command {
    const char *name, *mod;
    int least, most;
    int (*put)(struct text *request, char **words, int count, const struct nfse_options *options);
};

/* A key out of a variable of the environment, if it is there. */
static inline void put_key(struct text *request, const char *name, const char *variable)
{
    char *key = from_environment(variable);
    if (key != NULL && key[0] != 0) put_field(request, name, key);
    free(key);
}

/* Texts and paths the library tells apart by itself; what is JSON goes as it is. */
static inline int put_rps(struct text *request, const char *argument)
{
    char *text;
    if (argument[0] != '{' && argument[0] != '@' && strcmp(argument, "-") != 0) {
        put_string(request, argument);
        return 1;
    }
    text = json_of(argument);
    if (text == NULL) return 0;
    if (text[strspn(text, " \t\r\n")] == '{') {
        put_text(request, text);
    } else {
        put_string(request, text);
    }
    free(text);
    return 1;
}

static inline int put_envia(struct text *request, char **words, int count, const struct nfse_options *options)
{
    int i;
    put_json(request, "documentos", count == 1 ? "" : "[");
    for (i = 0; i < count; i++) {
        if (i > 0) put_text(request, ",");
        if (!put_rps(request, words[i])) return 0;
    }
    if (count > 1) put_text(request, "]");
    if (options->folder != NULL) put_field(request, "pasta", options->folder);
    return put_wait(request, options->wait);
}

static inline void put_issuer(struct text *request, char **words)
{
    put_field(request, "CNPJ", words[0]);
    put_field(request, "tpAmb", words[1]);
}

/* id IDUNICO, chave CHAVE, rps SERIE NUMERO [ATE], dias INICIO FIM */
static inline int put_which_nfse(struct text *request, char **words, int count, int several)
{
    if (strcmp(words[0], "id") == 0 && count == 2) {
        put_field(request, "id_unico", words[1]);
    } else if (strcmp(words[0], "chave") == 0 && count == 2) {
        put_field(request, "chave", words[1]);
    } else if (strcmp(words[0], "rps") == 0 && (count == 3 || (count == 4 && several))) {
        put_field(request, "serie", words[1]);
        put_field(request, several ? "numero_inicial" : "numero", words[2]);
        if (count == 4) put_field(request, "numero_final", words[3]);
    } else if (strcmp(words[0], "dias") == 0 && count == 3 && several) {
        put_field(request, "inicio", words[1]);
        put_field(request, "fim", words[2]);
    } else {
        fprintf(stderr, "Não diz qual NFS-e: %s. Veja: harness --help\n", words[0]);
        return 0;
    }
    return 1;
}

static inline int put_question(struct text *request, char **words, int count, const struct nfse_options *options)
{
    put_issuer(request, words);
    if (options->folder != NULL) put_field(request, "pasta", options->folder);
    return put_which_nfse(request, words + 2, count - 2, 1) && put_wait(request, options->wait);
}

static inline int put_espelho(struct text *request, char **words, int count, const struct nfse_options *options)
{
    (void)options;
    put_issuer(request, words);
    put_field(request, "arquivo", words[2]);
    return put_which_nfse(request, words + 3, count - 3, 0);
}

static inline int put_cancellation(struct text *request, char **words, int count, const struct nfse_options *options)
{
    (void)count;
    (void)options;
    put_issuer(request, words);
    put_field(request, "NFSeNumero", words[2]);
    put_field(request, "RPSSerie", words[3]);
    put_field(request, "RPSNumero", words[4]);
    put_field(request, "EveCodigo", words[5]);
    put_field(request, "EveMotivo", words[6]);
    return 1;
}

static const struct nfse_command NFSE_COMMANDS[] = {
    {"envia", "nfseEnvia", 1, INT_MAX, put_envia},
    {"consulta", "nfseConsulta", 4, 6, put_question},
    {"espelho", "nfseEspelho", 5, 6, put_espelho},
    {"cancela", "nfseCancela", 7, 7, put_cancellation},
};

static inline const struct nfse_command *find_nfse_command(const char *name)
{
    size_t i;
    for (i = 0; i < sizeof NFSE_COMMANDS / sizeof *NFSE_COMMANDS; i++) {
        if (strcmp(NFSE_COMMANDS[i].name, name) == 0) return &NFSE_COMMANDS[i];
    }
    return NULL;
}

/* Begins the request of a command, all but its closing brace. 0 if its words make no sense, of which stderr tells. */
static inline int put_nfse(struct text *request, const struct nfse_command *command, char **words, int count,
                           const struct nfse_options *options)
{
    put_field(request, "mod", command->mod);
    put_key(request, "chave_acesso", "AVERBADOR_CHAVE_ACESSO");
    put_key(request, "chave_parceiro", "AVERBADOR_CHAVE_PARCEIRO");
    return command->put(request, words, count, options);
}

/* The same for the communication key of an XML. */
static inline int put_ck(struct text *request, const char *argument)
{
    char *xml;
    put_field(request, "mod", "invoicyCK");
    put_key(request, "chave_acesso", "AVERBADOR_CHAVE_ACESSO");
    if (strcmp(argument, "-") == 0) {
        xml = text_of(argument);
        if (xml == NULL) return 0;
        put_field(request, "xml", xml);
        free(xml);
    } else if (argument[0] == '@') {
        put_field(request, "arquivo", argument + 1); /* the library reads it: it may be ISO-8859-1 */
    } else {
        put_field(request, "xml", argument);
    }
    return 1;
}

#endif
