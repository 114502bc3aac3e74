<?php

// Sample of the insurer's documentation ("Exemplo em PHP (cURL)"), typed in. Changed: the address, which comes from $ws['conn'].

/**
 * Open an url on https using curl and return content
 * @param string url The url to open
 * @param string refer Referer (optional)
 * @param mixed usecookie If true, cookie.txt will be used as default, or the usecookie value.
 * @return string
 */
function open_https_url($url, $refer = "", $usecookie = false) {
    if ($usecookie) {
        if (file_exists($usecookie)) {
            if (!is_writable($usecookie)) {
                return "Can't write to $usecookie cookie file, change file permission to 777 or remove read only for windows.";
            }
        } else {
            $usecookie = ($usecookie === true) ? "cookie.txt" : $usecookie;
            if (!touch($usecookie)) {
                return "Can't write to $usecookie cookie file, change file permission to 777 or remove read only for windows.";
            }
        }
    }

    $ch = curl_init();

    curl_setopt($ch, CURLOPT_URL, $url);
    curl_setopt($ch, CURLOPT_SSL_VERIFYPEER, FALSE);
    curl_setopt($ch, CURLOPT_SSL_VERIFYHOST, 2);
    curl_setopt($ch, CURLOPT_HEADER, 0);
    curl_setopt($ch, CURLOPT_USERAGENT, "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.0)");
    if ($usecookie) {
        curl_setopt($ch, CURLOPT_COOKIEJAR, $usecookie);
        curl_setopt($ch, CURLOPT_COOKIEFILE, $usecookie);
    }
    if ($refer != "") {
        curl_setopt($ch, CURLOPT_REFERER, $refer);
    }
    curl_setopt($ch, CURLOPT_RETURNTRANSFER, 1);
    return $ch;
}

/**
 * Limpeza ao terminar de executar
 * Requer $ws
 */
function ws_shutdown() {
    global $ws;
    if (file_exists($ws['cookie'])) {
        unlink($ws['cookie']);
    }
}
register_shutdown_function('ws_shutdown');

/**
 * Ajax Request
 * Requer $ws Global Config (comp/path/cookie)
 * aPost (array) json params
 * sModule (string) mod (i.e. login/Upload/Retrieve)
 * $sConn (string) URI to connect
 */
function websysRequest($aPost, $sModule = 'login', $sConn = null) {
    global $ws;
    if ($sConn === null) { $sConn = $ws['conn']; }
    if (!isset($aPost['comp'])) { $aPost['comp'] = $ws['comp']; }
    if (!isset($aPost['path'])) { $aPost['path'] = $ws['path']; } elseif ($aPost['path'] == '') {
        unset($aPost['path']); }

    $aPost['mod'] = $sModule;
    $ch = open_https_url($sConn, '', $ws['cookie']);
    curl_setopt($ch, CURLOPT_POST, 1);
    curl_setopt($ch, CURLOPT_POSTFIELDS, $aPost);
    $res = curl_exec($ch);
    curl_close($ch);
    return $res;
}

?>
