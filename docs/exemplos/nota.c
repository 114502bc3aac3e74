/*
 * Como o GA, um programa em C, emite a NFS-e de um RPS. Os trechos marcados estão no guia (docs/integracao.md), e os testes
 * compilam e rodam este programa.
 *
 *   nota AJUSTES PASTA RPS
 *
 * AJUSTES é o texto JSON para av_configure; RPS, um XML; o PDF e o XML da NFS-e vão para PASTA.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "averbador.h"

static const char *campo(const char *resposta, const char *ponteiro, char *para, size_t tamanho)
{
    char *valor = av_field(resposta, ponteiro);
    snprintf(para, tamanho, "%s", valor != NULL ? valor : "");
    av_free(valor);
    return para;
}

static int diz(const char *resposta, const char *ponteiro, const char *esperado)
{
    char valor[60];
    return strcmp(campo(resposta, ponteiro, valor, sizeof valor), esperado) == 0;
}

static int32_t AV_CALL etapa(const char *evento, void *contexto)
{
    char msg[200];
    (void)contexto;
    if (diz(evento, "/estado", "inicio")) printf("%s\n", campo(evento, "/msg", msg, sizeof msg));
    return 0;
}

/* guia: enviar */
enum { EMITIDA, NAO_EMITIDA, PENDENTE, NAO_SE_SABE };

struct nota {
    char id_unico[201], numero[61], verificacao[61], pdf[400];
};

/* Envia um RPS. O que vier em `nota` é para gravar, qualquer que seja o resultado. */
static int enviar(const char *pedido_json, struct nota *nota)
{
    char msg[600], nivel[20], codigo[20], texto[600];
    int resultado = NAO_EMITIDA;
    char *resposta = av_execute(pedido_json, etapa, NULL);

    campo(resposta, "/S/0/IDUnico", nota->id_unico, sizeof nota->id_unico);
    campo(resposta, "/S/0/NFSeNumero", nota->numero, sizeof nota->numero);
    campo(resposta, "/S/0/CodVerificacao", nota->verificacao, sizeof nota->verificacao);
    campo(resposta, "/S/0/arquivos/pdf", nota->pdf, sizeof nota->pdf);
    if (diz(resposta, "/S/0/status", "1")) {
        resultado = EMITIDA;
    } else {
        printf("%s\n", campo(resposta, "/error/0/msg", msg, sizeof msg)); /* com o que fazer */
        if (campo(resposta, "/S/0/situacao/codigo", codigo, sizeof codigo)[0] != 0) {
            /* por que foi rejeitado, na palavra da prefeitura: o código só diz algo junto com o nível */
            printf("%s %s: %s\n", campo(resposta, "/S/0/situacao/nivel", nivel, sizeof nivel), codigo,
                   campo(resposta, "/S/0/situacao/texto", texto, sizeof texto));
        }
        if (diz(resposta, "/error/0/code", "7003")) resultado = PENDENTE; /* nfseConsulta, daqui a pouco */
        if (diz(resposta, "/error/0/incerto", "true")) resultado = NAO_SE_SABE; /* consultar antes de enviar de novo */
        if (diz(resposta, "/error/0/code", "7001")) { /* para o suporte; não traz a chave */
            printf("%s\n", campo(resposta, "/error/0/detalhe", msg, sizeof msg));
        }
    }
    av_free(resposta);
    return resultado;
}
/* guia: fim */

int main(int argc, char **argv)
{
    /* Os caminhos aqui não têm aspas nem barras invertidas; onde possam ter, escape-os como em ga.c. */
    static const char FORMA[] = "{\"mod\":\"nfseEnvia\",\"documentos\":\"%s\",\"pasta\":\"%s\",\"aguardar_s\":15}";
    struct nota nota;
    char *json, *configurado;
    int resultado;
    if (argc != 4) {
        fputs("Uso: nota AJUSTES PASTA RPS\n", stderr);
        return 2;
    }
    configurado = av_configure(argv[1]);
    av_free(configurado);
    json = malloc(sizeof FORMA + strlen(argv[2]) + strlen(argv[3]));
    sprintf(json, FORMA, argv[3], argv[2]);
    resultado = enviar(json, &nota);
    free(json);
    printf("Gravado: %s NFS-e %s %s %s\n", nota.id_unico, nota.numero, nota.verificacao, nota.pdf);
    av_shutdown();
    return resultado;
}
