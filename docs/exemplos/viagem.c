/*
 * Como o GA, um programa em C, emite o MDF-e de uma viagem. Os trechos marcados estão no guia (docs/integracao.md), e os
 * testes compilam e rodam este programa.
 *
 *   viagem AJUSTES DOCUMENTO AVERBACOES DAMDFE
 *
 * AJUSTES, DOCUMENTO e AVERBACOES são textos JSON: os ajustes para av_configure, o documento do MDF-e, e o averbaRet dos
 * CT-e da viagem. DAMDFE é o arquivo a gravar.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "averbador.h"

/* Copia para `para` um campo da resposta, ou "" se ela não o tem. */
static const char *campo(const char *resposta, const char *ponteiro, char *para, size_t tamanho)
{
    char *valor = av_field(resposta, ponteiro);
    snprintf(para, tamanho, "%s", valor != NULL ? valor : "");
    av_free(valor);
    return para;
}

static int diz(const char *resposta, const char *ponteiro, const char *esperado)
{
    char valor[40];
    return strcmp(campo(resposta, ponteiro, valor, sizeof valor), esperado) == 0;
}

static int32_t AV_CALL etapa(const char *evento, void *contexto)
{
    char msg[200];
    (void)contexto;
    printf("%s\n", campo(evento, "/msg", msg, sizeof msg));
    return 0;
}

/* guia: apontamentos */
/* Mostra as pendências ("/pendencias") ou os avisos ("/avisos") de uma resposta, um por linha. */
static void mostrar_apontamentos(const char *resposta, const char *lista)
{
    char ponteiro[60], onde[200], msg[600], acao[600], *entrada;
    int i;
    for (i = 0;; i++) {
        sprintf(ponteiro, "%s/%d", lista, i);
        entrada = av_field(resposta, ponteiro);
        if (entrada == NULL) break;
        printf("%s: %s %s\n", campo(entrada, "/campo", onde, sizeof onde), campo(entrada, "/msg", msg, sizeof msg),
               campo(entrada, "/acao", acao, sizeof acao));
        av_free(entrada);
    }
}
/* guia: fim */

/* guia: emitir */
enum { APROVADO, NAO_EMITIDO, EM_PROCESSAMENTO, NAO_SE_SABE };

/* Emite. `uuid` e `chave` são para gravar, sempre que vierem; `aberto` é o MDF-e a encerrar antes, ou "". */
static int emitir(const char *pedido_json, char uuid[37], char chave[45], char aberto[45])
{
    char msg[600];
    int resultado = NAO_EMITIDO;
    char *resposta = av_execute(pedido_json, etapa, NULL);

    campo(resposta, "/uuid", uuid, 37);
    campo(resposta, "/chave", chave, 45);
    campo(resposta, "/mdfe_aberto/chave", aberto, 45);
    mostrar_apontamentos(resposta, "/avisos");
    if (diz(resposta, "/status", "1")) {
        resultado = APROVADO; /* ou em contingência: veja /situacao */
    } else {
        printf("%s\n", campo(resposta, "/error/0/msg", msg, sizeof msg)); /* com o que fazer */
        mostrar_apontamentos(resposta, "/pendencias");
        if (diz(resposta, "/error/0/incerto", "true")) resultado = NAO_SE_SABE; /* não emitir de novo sem conferir */
        if (diz(resposta, "/error/0/code", "6004")) resultado = EM_PROCESSAMENTO; /* mdfeConsulta, daqui a pouco */
    }
    av_free(resposta);
    return resultado;
}
/* guia: fim */

/* O documento, com os números das averbações e uma espera de até dois minutos pela Sefaz. A liberar com free. */
static char *pedido(const char *documento, const char *averbacoes)
{
    static const char FORMA[] = "{\"mod\":\"mdfeEmite\",\"mdfe\":%s,\"averbacoes\":[%s],\"aguardar_s\":120}";
    char *json = malloc(sizeof FORMA + strlen(documento) + strlen(averbacoes));
    sprintf(json, FORMA, documento, averbacoes);
    return json;
}

/* Faz um pedido e mostra por que não deu certo, se não deu. */
static int fazer(const char *pedido_json)
{
    char msg[600];
    char *resposta = av_execute(pedido_json, etapa, NULL);
    int feito = diz(resposta, "/status", "1");
    if (!feito) printf("%s\n", campo(resposta, "/error/0/msg", msg, sizeof msg));
    av_free(resposta);
    return feito;
}

/* Os caminhos aqui não têm aspas nem barras invertidas; onde possam ter, escape-os como em ga.c. */
static int baixar(const char *chave, const char *arquivo)
{
    char json[1000];
    snprintf(json, sizeof json, "{\"mod\":\"mdfeArquivo\",\"chave\":\"%s\",\"tipo\":\"pdf\",\"arquivo\":\"%s\"}", chave,
             arquivo);
    return fazer(json);
}

static int encerrar(const char *chave)
{
    char json[200];
    snprintf(json, sizeof json, "{\"mod\":\"mdfeEncerra\",\"chave\":\"%s\",\"uf\":\"RS\",\"municipio\":\"Porto Alegre\"}",
             chave);
    return fazer(json);
}

int main(int argc, char **argv)
{
    char uuid[37], chave[45], aberto[45], *json, *configurado;
    int resultado;
    if (argc != 5) {
        fputs("Uso: viagem AJUSTES DOCUMENTO AVERBACOES DAMDFE\n", stderr);
        return 2;
    }
    configurado = av_configure(argv[1]);
    av_free(configurado);
    json = pedido(argv[2], argv[3]);
    resultado = emitir(json, uuid, chave, aberto);
    if (aberto[0] != 0 && encerrar(aberto)) {
        printf("Encerrado: %s\n", aberto); /* depois de perguntar ao usuário */
        resultado = emitir(json, uuid, chave, aberto);
    }
    free(json);
    printf("MDF-e: %s %s\n", uuid, chave);
    if (resultado == APROVADO && baixar(chave, argv[4])) printf("DAMDFE: %s\n", argv[4]);
    av_shutdown();
    return resultado;
}
