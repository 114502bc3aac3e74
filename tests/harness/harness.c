/*
 * The testers' program: calls the library from a command line and prints what it replies.
 *
 * Loading the library by name at run time, as SIEM does (here and below for Windows: i686- or x86_64-w64-mingw32-gcc,
 * without what follows the sources but -L and -laverbador):
 *   gcc -std=c99 -Wall -Wextra -pedantic -Werror -Iinclude -o harness tests/harness/harness.c -Wl,-rpath,'$ORIGIN' -ldl
 * Linked through header and import library, as GA does:
 *   gcc (the same) -DHARNESS_LINKED -o harness-linked tests/harness/harness.c -L target/debug -laverbador
 */
#include "loader.h"
#include "mdfe.h"
#include "nfse.h"
#include "secret.h"

#include <limits.h>

enum { SUCCESS = 0, FAILURE = 1, MISUSED = 2 };

/* In parts: a compiler need not take longer texts. */
static const char HELP[] =
    "Uso: harness [OPÇÕES] COMANDO\n"
    "\n"
    "Chama a biblioteca averbador e mostra a resposta como veio, uma por linha.\n"
    "\n"
    "Comandos:\n"
    "  versao                      a versão da biblioteca\n"
    "  login USUÁRIO SENHA         entra no AverbePorto; SENHA - lê a variável AVERBADOR_PASS ou pergunta\n"
    "  upload COOKIE ARQUIVO       envia um XML ou ZIP\n"
    "  consulta COOKIE CHAVE...    consulta a averbação de uma ou mais chaves; COOKIE - consulta sem sessão\n"
    "  averba USUÁRIO SENHA ARQ... login, upload e consulta numa só chamada, de um CT-e ou de muitos: XML, pastas e ZIPs;\n"
    "                              SENHA como no login\n"
    "  cancela USUÁRIO SENHA ARQ.  entrega o evento de cancelamento de um CT-e\n"
    "  lista USUÁRIO SENHA         os documentos que a seguradora tem, com a situação de cada um\n"
    "  diagnostico [COOKIE]        o caminho até o serviço, passo a passo, e a sessão, se informada\n"
    "  mdfe COMANDO...             os MDF-e, pelo Webmania; o token é o dos ajustes, ou o da variável AVERBADOR_TOKEN\n"
    "  nfse COMANDO...             as NFS-e, pelo InvoiCy; as chaves são as dos ajustes, ou as das variáveis\n"
    "                              AVERBADOR_CHAVE_ACESSO e AVERBADOR_CHAVE_PARCEIRO\n"
    "  ck XML|@ARQUIVO             a chave de comunicação (CK) de um XML para o InvoiCy, e o texto a enviar com ela\n"
    "  executa JSON...             faz o que cada pedido diz, na ordem, no mesmo processo\n"
    "  configura JSON              configura a biblioteca e mostra a resposta, com os avisos\n"
    "  campo JSON PONTEIRO         um valor de um JSON, por exemplo /error/0/msg\n"
    "\n";

static const char HELP_WITH_DOCUMENTS[] =
    "Comandos de MDF-e; CHAVE pode ser também o uuid:\n"
    "  mdfe emite DOC              confere e emite; DOC é o documento, um arquivo JSON\n"
    "  mdfe emite DOC USUÁRIO SENHA ARQ...\n"
    "                              o mesmo, averbando antes os CT-e, como averba, e levando os números ao documento\n"
    "  mdfe valida DOC [USUÁRIO SENHA ARQ...]\n"
    "                              só confere: nada é enviado nem averbado\n"
    "  mdfe consulta CHAVE         o que foi feito dele\n"
    "  mdfe encerra CHAVE UF MUNICÍPIO [CÓDIGO]\n"
    "  mdfe cancela CHAVE JUSTIFICATIVA\n"
    "  mdfe condutor CHAVE CPF NOME\n"
    "                              inclui um condutor\n"
    "  mdfe arquivo CHAVE pdf|xml ARQUIVO\n"
    "                              grava o DAMDFE ou o XML; CHAVE pode ser o endereço que veio em damdfe ou xml\n"
    "  mdfe notificacao CORPO [SEGREDO RECEBIDO]\n"
    "                              lê o corpo de uma notificação, e compara o segredo combinado com o que veio\n"
    "  mdfe regras                 as regras pelas quais um documento é conferido\n"
    "\n"
    "Comandos de NFS-e; AMB é 1 (produção) ou 2 (homologação):\n"
    "  nfse envia RPS...           envia; RPS é o caminho de um XML, o próprio XML, ou o JSON com os nomes dos elementos\n"
    "  nfse consulta CNPJ AMB QUAIS\n"
    "                              o que foi feito deles; QUAIS é um destes:\n"
    "                                id IDUNICO | chave CHAVE | rps SÉRIE NÚMERO [ATÉ] | dias AAAA-MM-DD AAAA-MM-DD\n"
    "  nfse espelho CNPJ AMB ARQUIVO QUAL\n"
    "                              grava o PDF; QUAL como QUAIS, sem ATÉ e sem dias\n"
    "  nfse cancela CNPJ AMB NFSE SÉRIE NÚMERO CÓDIGO MOTIVO\n"
    "                              SÉRIE e NÚMERO do RPS; CÓDIGO 1 (erro), 2 (serviço não prestado) ou 4 (duplicada)\n"
    "\n"
    "JSON (e CORPO) pode ser o próprio texto, @ARQUIVO, ou - para a entrada padrão; DOC e RPS também.\n"
    "\n";

static const char HELP_WITH_OPTIONS[] =
    "Opções:\n"
    "  --config JSON               configura a biblioteca antes do comando (av_configure)\n"
    "  --lib CAMINHO               a biblioteca, se não for a que o sistema acha pelo nome\n"
    "  --progresso                 mostra as etapas em stderr, em JSON; sem isto, num terminal, uma linha com o andamento\n"
    "  --diario ARQUIVO            averba: anota o resultado de cada documento, e retoma de onde uma chamada parou\n"
    "  --reenviar                  averba: envia também o que já está averbado\n"
    "  --aguardar S                mdfe emite, mdfe consulta, nfse envia, nfse consulta: espera até S segundos pela decisão\n"
    "  --pasta PASTA               nfse envia, nfse consulta: grava nela o PDF e o XML de cada NFS-e\n"
    "  --averbacoes JSON           mdfe emite, mdfe valida: o averbaRet de uma chamada anterior, ou uma lista deles\n"
    "  --contingencia              mdfe emite, mdfe valida: 99999 no lugar da averbação de um CT-e que não a tem\n"
    "  --parar-apos N              pede para parar na etapa de número N\n"
    "  --help                      mostra este texto\n"
    "\n"
    "Termina com 0 se toda resposta diz que deu certo (status 1), 1 se alguma diz que não, 2 se o uso foi errado.\n";

static struct {
    const char *library;
    const char *config;
    const char *diary;
    const char *stop_after;
    struct mdfe_options mdfe;
    struct nfse_options nfse;
    int progress;
    int resend;
} options;

/* Whether the terminal is within the line of the progress. */
static int in_line;

/* Tells that the command line makes no sense, and what to do. */
static int misused(const char *what, const char *word)
{
    fprintf(stderr, "%s%s. Veja: harness --help\n", what, word);
    return MISUSED;
}

/* ---- Calls ---- */

/* One line on the terminal, rewritten with each event. */
static void show_line(const char *event)
{
    char *n = api.av_field(event, "/n");
    char *total = api.av_field(event, "/total");
    char *msg = api.av_field(event, "/msg");
    char *stage = api.av_field(event, "/etapa");
    int ends = stage != NULL && strcmp(stage, "fim") == 0;
    fprintf(stderr, "\r%s/%s %-70s%s", n, total, msg, ends ? "\n" : "");
    in_line = !ends;
    api.av_free(n);
    api.av_free(total);
    api.av_free(msg);
    api.av_free(stage);
}

/* `context` counts the events. */
static int32_t AV_CALL on_event(const char *event, void *context)
{
    int *events = context;
    *events += 1;
    if (options.progress) {
        fprintf(stderr, "%s\n", event);
    } else if (is_terminal(stderr)) {
        show_line(event);
    }
    return options.stop_after != NULL && *events >= atoi(options.stop_after);
}

static char *execute(const char *request)
{
    int events = 0;
    char *reply = api.av_execute(request, on_event, &events);
    if (in_line) fputs("\n", stderr);
    in_line = 0;
    return reply;
}

/* Executes what was put together in `request`, and frees it. */
static char *execute_text(struct text *request)
{
    char *reply;
    put_text(request, "}");
    reply = execute(request->bytes);
    free(request->bytes);
    return reply;
}

static int reports_success(const char *reply)
{
    char *status = api.av_field(reply, "/status");
    int success = status != NULL && strcmp(status, "1") == 0;
    api.av_free(status);
    return success;
}

/* Prints `reply` as it came, frees it, and gives the exit code that it asks for. */
static int print_reply(char *reply)
{
    int code = reports_success(reply) ? SUCCESS : FAILURE;
    printf("%s\n", reply);
    fflush(stdout);
    api.av_free(reply);
    return code;
}

/* ---- Commands: each gets its words and gives the exit code. ---- */

static int do_version(char **words, int count)
{
    (void)words;
    (void)count;
    printf("%s\n", api.av_version());
    return SUCCESS;
}

static int do_login(char **words, int count)
{
    struct text request = {0};
    char *pass = password(words[1]);
    char *reply;
    (void)count;
    if (options.progress) {
        put_field(&request, "mod", "login");
        put_field(&request, "user", words[0]);
        put_field(&request, "pass", pass);
        reply = execute_text(&request);
    } else {
        reply = api.av_login(words[0], pass);
    }
    free(pass);
    return print_reply(reply);
}

static int do_upload(char **words, int count)
{
    struct text request = {0};
    (void)count;
    if (!options.progress) return print_reply(api.av_upload_file(words[0], words[1]));
    put_field(&request, "mod", "Upload");
    put_field(&request, "cookie", words[0]);
    put_field(&request, "cte", words[1]);
    return print_reply(execute_text(&request));
}

static int do_consulta(char **words, int count)
{
    struct text request = {0};
    const char *cookie = strcmp(words[0], "-") == 0 ? "" : words[0];
    if (count == 2 && !options.progress) return print_reply(api.av_consulta(cookie, words[1]));
    put_field(&request, "mod", "Consulta");
    put_field(&request, "cookie", cookie);
    if (count == 2) {
        put_field(&request, "chave", words[1]);
    } else {
        put_list(&request, "chave", words + 1, count - 1);
    }
    return print_reply(execute_text(&request));
}

/* Begins a request for an operation that logs in by itself. */
static void put_login(struct text *request, const char *mod, char **words)
{
    char *pass = password(words[1]);
    put_field(request, "mod", mod);
    put_field(request, "user", words[0]);
    put_field(request, "pass", pass);
    free(pass);
}

static int do_averba(char **words, int count)
{
    struct text request = {0};
    put_login(&request, "Averba", words);
    if (count == 3) {
        put_field(&request, "cte", words[2]);
    } else {
        put_list(&request, "cte", words + 2, count - 2);
    }
    if (options.diary != NULL) put_field(&request, "diario", options.diary);
    if (options.resend) put_text(&request, ",\"reenviar\":true");
    return print_reply(execute_text(&request));
}

static int do_cancela(char **words, int count)
{
    struct text request = {0};
    (void)count;
    put_login(&request, "Cancela", words);
    put_field(&request, "cte", words[2]);
    return print_reply(execute_text(&request));
}

static int do_lista(char **words, int count)
{
    struct text request = {0};
    (void)count;
    put_login(&request, "Lista", words);
    return print_reply(execute_text(&request));
}

static int do_diagnostico(char **words, int count)
{
    struct text request = {0};
    put_field(&request, "mod", "Diagnostico");
    if (count == 1) put_field(&request, "cookie", words[0]);
    return print_reply(execute_text(&request));
}

static int do_mdfe(char **words, int count)
{
    const struct mdfe_command *command = find_mdfe_command(words[0]);
    struct text request = {0};
    if (command == NULL) return misused("Comando de MDF-e desconhecido: ", words[0]);
    if (count - 1 < command->least || count - 1 > command->most) {
        return misused("Número errado de argumentos para mdfe ", words[0]);
    }
    if (!put_mdfe(&request, command, words + 1, count - 1, &options.mdfe)) {
        free(request.bytes);
        return MISUSED;
    }
    return print_reply(execute_text(&request));
}

static int do_nfse(char **words, int count)
{
    const struct nfse_command *command = find_nfse_command(words[0]);
    struct text request = {0};
    if (command == NULL) return misused("Comando de NFS-e desconhecido: ", words[0]);
    if (count - 1 < command->least || count - 1 > command->most) {
        return misused("Número errado de argumentos para nfse ", words[0]);
    }
    options.nfse.wait = options.mdfe.wait;
    if (!put_nfse(&request, command, words + 1, count - 1, &options.nfse)) {
        free(request.bytes);
        return MISUSED;
    }
    return print_reply(execute_text(&request));
}

static int do_ck(char **words, int count)
{
    struct text request = {0};
    (void)count;
    if (!put_ck(&request, words[0])) {
        free(request.bytes);
        return MISUSED;
    }
    return print_reply(execute_text(&request));
}

/* All requests are read before the first is executed, so that a wrong file name leaves nothing half done. */
static int do_execute(char **words, int count)
{
    char **requests = allocated((size_t)count * sizeof *requests);
    int i, code = SUCCESS;
    for (i = 0; i < count; i++) {
        requests[i] = text_of(words[i]);
        if (requests[i] == NULL) code = MISUSED;
    }
    for (i = 0; i < count; i++) {
        if (code != MISUSED && print_reply(execute(requests[i])) != SUCCESS) code = FAILURE;
        free(requests[i]);
    }
    free(requests);
    return code;
}

static int do_configure(char **words, int count)
{
    char *settings = text_of(words[0]);
    int code = settings == NULL ? MISUSED : print_reply(api.av_configure(settings));
    (void)count;
    free(settings);
    return code;
}

static int do_field(char **words, int count)
{
    char *json = text_of(words[0]);
    char *value = api.av_field(json, words[1]);
    int code = json == NULL ? MISUSED : value == NULL ? FAILURE : SUCCESS;
    (void)count;
    if (value != NULL) printf("%s\n", value);
    api.av_free(value);
    free(json);
    return code;
}

static const struct command {
    const char *name;
    int least, most;
    int (*run)(char **words, int count);
} COMMANDS[] = {
    {"versao", 0, 0, do_version},
    {"login", 2, 2, do_login},
    {"upload", 2, 2, do_upload},
    {"consulta", 2, INT_MAX, do_consulta},
    {"averba", 3, INT_MAX, do_averba},
    {"cancela", 3, 3, do_cancela},
    {"lista", 2, 2, do_lista},
    {"diagnostico", 0, 1, do_diagnostico},
    {"mdfe", 1, INT_MAX, do_mdfe},
    {"nfse", 1, INT_MAX, do_nfse},
    {"ck", 1, 1, do_ck},
    {"executa", 1, INT_MAX, do_execute},
    {"configura", 1, 1, do_configure},
    {"campo", 2, 2, do_field},
};

/* ---- The command line ---- */

static void swap(char **one, char **other)
{
    char *word = *one;
    *one = *other;
    *other = word;
}

/* Sorts the options out of `words` to its end, leaving `count` words. 0 if they make no sense. */
static int take_options(char **words, int *count)
{
    int i, left = 0;
    for (i = 0; i < *count; i++) {
        const char **value = strcmp(words[i], "--config") == 0       ? &options.config
                             : strcmp(words[i], "--lib") == 0        ? &options.library
                             : strcmp(words[i], "--diario") == 0     ? &options.diary
                             : strcmp(words[i], "--parar-apos") == 0 ? &options.stop_after
                             : strcmp(words[i], "--aguardar") == 0   ? &options.mdfe.wait
                             : strcmp(words[i], "--pasta") == 0      ? &options.nfse.folder
                             : strcmp(words[i], "--averbacoes") == 0 ? &options.mdfe.endorsements
                                                                     : NULL;
        if (value != NULL && i + 1 == *count) return !misused("Falta o valor de ", words[i]);
        if (value != NULL) {
            *value = words[++i];
        } else if (strcmp(words[i], "--progresso") == 0) {
            options.progress = 1;
        } else if (strcmp(words[i], "--reenviar") == 0) {
            options.resend = 1;
        } else if (strcmp(words[i], "--contingencia") == 0) {
            options.mdfe.contingency = 1;
        } else if (strncmp(words[i], "--", 2) == 0) {
            return !misused("Opção desconhecida: ", words[i]);
        } else {
            swap(&words[left++], &words[i]);
        }
    }
    *count = left;
    return 1;
}

static const struct command *find_command(const char *name)
{
    size_t i;
    for (i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        if (strcmp(COMMANDS[i].name, name) == 0) return &COMMANDS[i];
    }
    return NULL;
}

/* av_configure with what --config says. Settings that are refused are a reply that reports failure. */
static int configure(void)
{
    char *settings, *reply;
    if (options.config == NULL) return SUCCESS;
    settings = text_of(options.config);
    if (settings == NULL) return MISUSED;
    reply = api.av_configure(settings);
    free(settings);
    if (!reports_success(reply)) return print_reply(reply);
    api.av_free(reply);
    return SUCCESS;
}

static int run(char **words, int count)
{
    const struct command *command;
    int code;
    if (!take_options(words, &count)) return MISUSED;
    if (count == 0) return misused("Falta o comando", "");
    command = find_command(words[0]);
    if (command == NULL) return misused("Comando desconhecido: ", words[0]);
    if (count - 1 < command->least || count - 1 > command->most) {
        return misused("Número errado de argumentos para ", words[0]);
    }
    if (!load_library(options.library)) return MISUSED;
    code = configure();
    if (code == SUCCESS) code = command->run(words + 1, count - 1);
    api.av_shutdown();
    unload_library();
    return code;
}

static int asks_for_help(char **words, int count)
{
    int i;
    for (i = 0; i < count; i++) {
        if (strcmp(words[i], "--help") == 0) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    char **words = utf8_arguments(&argc, argv);
    unsigned console = prepare_output();
    int code = SUCCESS;
    if (asks_for_help(words, argc)) {
        fputs(HELP, stdout);
        fputs(HELP_WITH_DOCUMENTS, stdout);
        fputs(HELP_WITH_OPTIONS, stdout);
    } else {
        code = run(words + 1, argc - 1);
    }
    restore_output(console);
    free_arguments(argc, words);
    return code;
}
