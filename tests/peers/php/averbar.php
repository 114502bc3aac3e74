<?php

// Sample of the insurer's documentation ("Exemplo de Uso"), sendFile() typed in; below it files are taken from the command line
// and, as the documentation has it, each upload is followed by its consulta.
//
//   averbar.php WORK BASE CA USER PASS FILE…     (CA is not used: the sample does not verify the certificate.)

require_once(__DIR__ . '/func.php');

[, $work, $base, , $user, $pass] = $argv;

$ws = array(
    'comp' => 5,
    'path' => 'eguarda/php/',
    'conn' => $base . '/php/conn.php',
    'cookie' => tempnam(sys_get_temp_dir(), 'ws_'),
    'logged' => ''
);

/**
 * Envia arquivo
 *
 * @param {String} Conteudo do arquivo
 * @param {Array} Usuario e senha. Ex.: array('user'=>'USUARIO', 'pass'=>'SENHA', 'path'=>'')
 * @param {String} (optional) Remetente (em caso de email)
 * @return {Array} Retorna resposta do webservice
 */
function sendFile($sFileContent, $aUser, $sRecipient = '') {
    global $ws;
    $file = tmpfile();
    fwrite($file, $sFileContent);
    rewind($file);
    $meta = stream_get_meta_data($file);
    $mime = mime_content_type($meta['uri']);
    $post = array(
        'file' => (version_compare(PHP_VERSION, '5.5') >= 0) ? new CURLFile($meta['uri'], $mime) :
            '@' . $meta['uri'] . ';type=' . $mime
    );
    if ($sRecipient) {
        $post['recipient'] = $sRecipient;
    }
    // Login
    if ($ws['logged'] != $aUser['user']) {
        $res = json_decode(websysRequest($aUser), true);
        if (isset($res['logout']) && $res['logout']) {
            //ws_log('MAIL2EG: ['.$aUser['user'].']: '.posix_getpid().': Falha do login. ');
        }
    } else {
        $res['success'] = $res['C'] = true;
    }
    // Upload
    if ($res['success'] && isset($res['C'])) {
        $ws['logged'] = $aUser['user'];
        $res = json_decode(websysRequest($post, 'Upload'), true);
    }
    fclose($file);
    return $res;
}

$aUser = array(
    'user' => $user,
    'pass' => $pass,
    'path' => ''
);

$begin = microtime(true);
foreach (array_slice($argv, 6) as $path) {
    $res = sendFile(file_get_contents($path), $aUser);
    if (!isset($res['S']['P']) || $res['S']['P'] + $res['S']['D'] != 1) {
        fwrite(STDERR, print_r($res, true));
        exit(1);
    }
    if ($work == 'upload') {
        continue;
    }
    $chave = substr(basename($path), 0, 44);
    $res = json_decode(websysRequest(array('path' => 'atwe/php/', 'chave[]' => $chave), 'Protocolo'), true);
    if (!isset($res['S'][0]['protocolo'])) {
        fwrite(STDERR, print_r($res, true));
        exit(1);
    }
}
printf("{\"seconds\":%.6f}\n", microtime(true) - $begin);

?>
