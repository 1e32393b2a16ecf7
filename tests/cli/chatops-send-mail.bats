#!/usr/bin/env bats
# Mail, to a real server with TLS and a password, read as mail programs do.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../lib/send

EXIM=/usr/sbin/exim4

setup() {
    [ -x "$EXIM" ] || skip 'no exim4'
    [ "$(id -u)" -eq 0 ] || skip 'exim4 listens for root only'
    common_setup
    export ONCALL_CONFIG=$PWD/oncall.yaml SMTP_SECRET=smtp-secret-4711
    # The server runs as a user of its own, who must get here.
    M=$(mktemp -d /tmp/oncall-mail-XXXXXX)
    chmod 755 "$M"
    mkdir "$M/spool" "$M/log"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$M/key.pem" \
        -out "$M/cert.pem" -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
    read -r -a PORTS < <(/usr/bin/python3 -c 'import socket
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*[x.getsockname()[1] for x in s])')
    mail_server
    targets
}

teardown() {
    if [ -n "${server_pid:-}" ]; then
        kill "$server_pid" 2>/dev/null || :
        # Its children write to their log, and would make its folder anew.
        eventually 20 no_server
    fi
    [ -z "${M:-}" ] || rm -rf "$M"
    common_teardown
}

no_server() {
    ! pgrep -f "$M/exim.conf" >/dev/null
}

# STARTTLS on the first port, TLS on the second; AUTH only inside of TLS.
mail_server() {
    cat >"$M/exim.conf" <<EOT
keep_environment =
primary_hostname = mail.example.org
spool_directory = $M/spool
log_file_path = $M/log/%slog
pid_file_path = $M/exim.pid
local_interfaces = <; 127.0.0.1
daemon_smtp_ports = ${PORTS[0]} : ${PORTS[1]}
tls_on_connect_ports = ${PORTS[1]}
tls_advertise_hosts = ${1-*}
tls_certificate = $M/cert.pem
tls_privatekey = $M/key.pem
auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
queue_only
rfc1413_query_timeout = 0s
host_lookup =
message_size_limit = 4M
acl_smtp_mail = mail_acl
acl_smtp_rcpt = rcpt_acl
acl_smtp_data = accept
begin acl
mail_acl:
  deny !authenticated = *
  accept
rcpt_acl:
  deny local_parts = nobody
       message = no such user
  defer local_parts = later
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{oncall}}{eq{\$auth3}{smtp-secret-4711}}}}
  server_set_id = \$auth2
EOT
    chown -R Debian-exim "$M"
    chown root "$M/exim.conf"
    "$EXIM" -C "$M/exim.conf" -bdf >"$M/out" 2>&1 3>&- &
    server_pid=$!
    eventually 20 grep -qs 'daemon started' "$M/log/mainlog"
}

# targets LINE...: mail, with more keys of the target.
targets() {
    (umask 077 && cat >oncall.yaml <<YAML
targets:
  mail:
    type: smtp
    server: localhost:${PORTS[0]}
    from: "Bereitschaft Köln <oncall@example.org>"
    to: [team@example.org, "Ana <ana@example.org>"]
    user: oncall
    password: {env: SMTP_SECRET}
    ca_file: $M/cert.pem
$(printf '    %s\n' "$@")
YAML
    )
}

# mails: how many came. mail N: the facts of the Nth.
mails() {
    find "$M/spool/input" -name '*-H' 2>/dev/null | wc -l
}

mail() {
    local id

    id=$(awk '/ <= / { print $3 }' "$M/log/mainlog" | sed -n "$1p")
    "$EXIM" -C "$M/exim.conf" -Mvc "$id" | "$ROOT/tests/lib/mail-facts.py"
}

# fact N FILTER: of the facts of the Nth mail.
fact() {
    mail "$1" | jq -r "$2"
}

@test "chatops-send sends mail that programs can read" {
    message INC-1.a.1 'disk full on web1' '{"severity": "high",
        "incident": "INC-20261120-0001", "service": "web",
        "text": "95 % of /var\nis <used>", "code": "df -h /var",
        "links": [{"text": "runbook", "url": "https://example.org/a?b=1&c=2"}],
        "fields": {"host": "web1"}}' >in.jsonl
    expect 0 cs --to mail in.jsonl
    is "$(mails)" 1
    is "$(fact 1 '.defects | join(",")')" ''
    is "$(fact 1 .type)" multipart/alternative
    is "$(fact 1 '.headers["message-id"]')" "$(of 'select(.type == "delivery").remote_id')"
    is "$(fact 1 .headers.subject)" '[high] disk full on web1'
    is "$(fact 1 .headers.from)" 'Bereitschaft Köln <oncall@example.org>'
    is "$(fact 1 .headers.to)" 'team@example.org, Ana <ana@example.org>'
    is "$(fact 1 .headers.date)" 'Fri, 20 Nov 2026 10:00:00 +0000'
    is "$(fact 1 '.headers["auto-submitted"]')" auto-generated
    is "$(fact 1 .headers.importance)" high
    [[ $(fact 1 '.parts["text/plain"]') == *$'95 % of /var\nis <used>'*'df -h /var'* ]]
    [[ $(fact 1 '.parts["text/html"]') == *'is &lt;used&gt;'*'href="https://example.org/a?b=1&amp;c=2"'* ]]
    grep -q 'X=TLS1.*A=plain:oncall' "$M/log/mainlog"
    is "$(grep -c '=> \|<= oncall@example.org' "$M/log/mainlog")" 1
}

@test "mails of one incident are one thread" {
    for i in 1 2 3; do
        message "INC-1.a.$i" "number $i" '{"thread": "INC-20261120-0001"}'
    done >in.jsonl
    expect 0 cs --to mail in.jsonl
    first=$(fact 1 '.headers["message-id"]')
    second=$(fact 2 '.headers["message-id"]')
    is "$(fact 1 '.headers.references // "none"')" none
    is "$(fact 2 '.headers["in-reply-to"]')" "$first"
    is "$(fact 2 .headers.references)" "$first"
    is "$(fact 3 '.headers["in-reply-to"]')" "$second"
    is "$(fact 3 .headers.references)" "$first $second"
}

@test "nothing in a message becomes a header of its mail" {
    message k1 $'Störung 你好 \U1F525\r\nBcc: evil@example.org\n\nbody' \
        '{"incident": "INC-20261120-0001\r\nX-Evil: 1",
        "text": ".\r\n.\r\nQUIT\r\nFrom x\n\u0000\u001b[2J=?UTF-8?Q?x?= =_k1\n--=_k1--",
        "severity": "critical"}' >in.jsonl
    expect 0 cs --to mail in.jsonl
    is "$(mails)" 1
    is "$(fact 1 '.defects | join(",")')" ''
    is "$(fact 1 .headers.subject)" '[critical] Störung 你好 🔥  Bcc: evil@example.org  body'
    is "$(fact 1 '[.names[] | select(. == "bcc" or . == "x-evil")] | length')" 0
    [[ $(fact 1 '.parts["text/plain"]') == *$'.\n.\nQUIT\nFrom x\n'*'=_k1'* ]]
    is "$(fact 1 '.parts | keys | join(",")')" text/html,text/plain
}

@test "a long subject is folded, and a text of 10 MB is cut" {
    message k1 "$(printf 'ä你%.0s' {1..400})" >in.jsonl
    awk 'BEGIN { printf "{\"type\":\"message\",\"id\":\"k2\",\"key\":\"k2\"," \
        "\"time\":\"2026-11-20T10:00:00.000Z\",\"title\":\"t\",\"text\":\""
        for (i = 0; i < 700000; i++) printf "line %07d\\n\\n", i
        print "\"}" }' >>in.jsonl
    expect 0 cs --to mail in.jsonl
    is "$(mails)" 2
    is "$(fact 1 '.defects | join(",")')" ''
    is "$(fact 1 '.headers.subject | length')" 200
    [[ $(fact 1 .headers.subject) == 'ä你ä你'*… ]]
    is "$(fact 2 '.defects | join(",")')" ''
    [[ $(fact 2 '.parts["text/plain"]') == *… ]]
}

@test "a mail server with TLS from the start is spoken to" {
    targets "tls: tls" "server: localhost:${PORTS[1]}" 2>/dev/null
    sed -i "0,/server:/{/server:/d}" oncall.yaml
    message k1 'over TLS' >in.jsonl
    expect 0 cs --to mail in.jsonl
    is "$(fact 1 .headers.subject)" 'over TLS'
}

@test "a wrong password is a failure that shows none" {
    SMTP_SECRET=wrong-secret-0815
    message k1 'first' >in.jsonl
    expect 1 cs --to mail in.jsonl
    is "$(deliveries)" 'k1 mail failed'
    is "$(mails)" 0
    [[ $output$stderr != *secret* ]]
    expect 5 cs --check mail
    [[ $output$stderr != *secret* ]]
}

@test "chatops-send --check logs in and sends nothing" {
    expect 0 cs --check mail
    [[ $output == *'logged in as oncall'* ]]
    is "$(mails)" 0
}

@test "a certificate that nobody vouches for is not trusted" {
    sed -i '/ca_file/d' oncall.yaml
    message k1 'first' >in.jsonl
    expect 75 cs --wait 500ms --to mail in.jsonl
    is "$(mails)" 0
    run ! grep -q 'A=plain' "$M/log/mainlog"
}

@test "without STARTTLS neither password nor mail is sent" {
    kill "$server_pid"
    wait "$server_pid" || :
    rm "$M/log/mainlog"
    mail_server ''
    message k1 'first' >in.jsonl
    expect 75 cs --wait 500ms --to mail in.jsonl
    is "$(mails)" 0
    run ! grep -q 'A=plain' "$M/log/mainlog"
}

@test "an address that is refused does not keep mail from the others" {
    sed -i 's/team@/nobody@/' oncall.yaml
    message k1 'first' >in.jsonl
    expect 0 cs --to mail in.jsonl
    is "$(mails)" 1
    sed -i 's/"Ana <ana@/"Ana <nobody@/' oncall.yaml
    message k2 'second' >in.jsonl
    expect 1 cs --to mail in.jsonl
    is "$(deliveries)" 'k2 mail failed'
}

@test "an address that is deferred is tried again" {
    sed -i 's/team@/later@/; s/, "Ana[^]]*//' oncall.yaml
    message k1 'first' >in.jsonl
    expect 75 cs --wait 500ms --to mail in.jsonl
    is "$(deliveries)" 'k1 mail queued'
}

@test "a bad address is an error of the configuration" {
    for bad in 'a b@example.org' nobody 'x@' "a@b>,<c@d"; do
        targets
        sed -i "s/team@example.org/\"$bad\"/" oncall.yaml
        expect 2 cs --check mail
        says 'is no address of mail'
    done
}

@test "a mail of a template has its text alone" {
    printf 'Hello,\n${#each fields}\n- ${name|upper}: ${value}\n${/each}\n' >t
    targets "template: $PWD/t"
    message k1 'first' '{"fields": {"host": "web1", "disk": "/var"}}' >in.jsonl
    expect 0 cs --to mail in.jsonl
    is "$(fact 1 .type)" text/plain
    is "$(fact 1 '.parts["text/plain"]')" $'Hello,\n- HOST: web1\n- DISK: /var'
}
