'use strict';

// Averba CT-e em Node.js: um, com as etapas; vários; consulta; lista; e um que é recusado.
//
//   node exemplo.js BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO
//
// AJUSTES é um arquivo JSON ("{}" são os normais); CTE, um XML; VARIOS, uma pasta ou um ZIP; RECUSADO, um XML que não serve.
// Termina com 0 se os primeiros foram averbados, 1 se algo falhou, 2 se o uso foi errado.

const fs = require('node:fs');
const { Averbador } = require('./averbador.js');

const sim = (valor) => (valor ? 'sim' : 'não');

function mostrarErro(resposta) {
  const [erro] = resposta.error;
  console.log(`  Código: ${erro.code}`);
  console.log(`  Mensagem: ${erro.msg}`); // em português, pronta para o usuário
  console.log(`  Repetir: ${sim(erro.repetir)}`); // tentar de novo, mais tarde, pode resolver
  console.log(`  Incerto: ${sim(erro.incerto)}`); // pode ter sido feito: consultar antes de enviar de novo
}

function mostrarEtapa(evento) {
  if (evento.estado === 'inicio' || evento.estado === 'repetindo') {
    console.log(`  ${evento.n}/${evento.total} ${evento.msg}`);
  }
}

// O protocolo é o número que vai no MDF-e.
function mostrarProtocolo(resposta) {
  if (resposta.status === 1) {
    console.log(`  ${resposta.chave} averbado: ${resposta.protocolo}`);
  } else {
    mostrarErro(resposta);
  }
  return resposta.status === 1;
}

async function averbarVarios(porto, acesso, pasta) {
  const resposta = await porto.executar({ mod: 'Averba', cte: pasta, ...acesso });
  for (const documento of resposta.S ?? []) {
    console.log(`  ${documento.arquivo}: ${documento.situacao} ${documento.protocolo ?? ''}`.trimEnd());
  }
  if (resposta.status !== 1) mostrarErro(resposta);
  return resposta.status === 1;
}

async function listar(porto, acesso, numero) {
  const resposta = await porto.executar({ mod: 'Lista', numero, ...acesso });
  for (const { chave, averbado, cancelado } of resposta.S ?? []) {
    console.log(`  ${chave} averbado: ${sim(averbado)}, cancelado: ${sim(cancelado)}`);
  }
  if (resposta.status !== 1) mostrarErro(resposta);
  return resposta.status === 1;
}

async function exemplo(porto, ajustes, usuario, senha, cte, varios, recusado) {
  console.log(`averbador ${porto.versao}`);
  const configurado = await porto.configurar(ajustes);
  if (configurado.status !== 1) {
    mostrarErro(configurado);
    return false;
  }

  console.log('1. Entrar');
  const sessao = await porto.login(usuario, senha);
  if (sessao.status !== '1') { // só aqui `status` é texto
    mostrarErro(sessao);
    return false;
  }
  // O cookie vale por dias: um programa de verdade o guarda. Com usuário e senha, a sessão que acabou é renovada, e então a
  // resposta traz o novo em `cookie`.
  const acesso = { user: usuario, pass: senha, cookie: sessao.cookie };
  console.log('  Sessão aberta.');

  console.log('2. Averbar um CT-e, com as etapas');
  const um = await porto.executar({ mod: 'Averba', cte, ...acesso }, mostrarEtapa);
  const certo = [mostrarProtocolo(um)];
  console.log('3. Averbar vários');
  certo.push(await averbarVarios(porto, acesso, varios));
  console.log('4. Consultar');
  certo.push(mostrarProtocolo(await porto.consultar(acesso.cookie, um.chave)));
  console.log('5. Listar os CT-e com o mesmo número');
  certo.push(await listar(porto, acesso, um.numero));
  console.log('6. Um que é recusado');
  mostrarProtocolo(await porto.executar({ mod: 'Averba', cte: recusado, ...acesso }, mostrarEtapa));
  return certo.every(Boolean);
}

async function main([biblioteca, ajustes, ...resto]) {
  if (resto.length !== 5) {
    console.error('Uso: node exemplo.js BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO');
    return 2;
  }
  const texto = fs.readFileSync(ajustes, 'utf8').replace(/^\uFEFF/, ''); // o Bloco de Notas põe um BOM
  const porto = new Averbador(biblioteca);
  try {
    return (await exemplo(porto, JSON.parse(texto), ...resto)) ? 0 : 1;
  } finally {
    await porto.encerrar();
  }
}

// exitCode, e não exit(): o que ainda está por escrever na saída é escrito antes.
main(process.argv.slice(2)).then((codigo) => {
  process.exitCode = codigo;
});
