# A real control plane on loopback, for the shell that sources this file (run.sh, up.sh):
#   cluster_start BIN_FOLDER NEW_FOLDER     etcd, kube-apiserver, kube-controller-manager, kwok
#   cluster_stop                            ends them
#
# What it leaves in NEW_FOLDER, for tests and people:
#   server                 URL of the apiserver, one line
#   ca.crt admin.crt/.key  what an HTTPS client needs; admin is in system:masters
#   admin.kubeconfig       the same, as files
#   spillway.kubeconfig    user "spillway", client certificate as data
#   token.kubeconfig       user "spillway", bearer token
#   rightless.kubeconfig   user "rightless", who may do nothing, bearer token
#   <name>.log             what each process said
#   audit.log              each request of service account spillway, a JSON object a line
# User "spillway" has exactly the rights of manifests/rbac.yaml.
#
# With SPILLWAY_TEST_BARE=1 nobody plays kubelet and only service accounts are looked after, so that pods,
# nodes and budgets stay as a test writes them; "spillway" has the rights of manifests/preemption as well.
#
# Every process is in a session of its own and dies with this shell, however the shell ends.

cluster_real=$(cd "$(dirname "$0")" && pwd)
cluster_etcd='' cluster_apiserver='' cluster_controllers='' cluster_kwok=''
cluster_extra=''        # one more child that cluster_stop ends with the others
cluster_wait_seconds=60 # for each step of the start; it takes 1 to 3 on an idle machine

cluster_start() {
    cluster_bin=$1 cluster_dir=$2
    (umask 077 && cluster_make_keys) || return 1
    cluster_start_apiserver || return 1
    cluster_controller_names='*'
    [ -z "${SPILLWAY_TEST_BARE:-}" ] ||
        cluster_controller_names=serviceaccount-controller,namespace-controller,root-ca-certificate-publisher-controller
    # Its usual 20 requests a second would take a minute to take the not-ready taint off 1,000 nodes.
    cluster_spawn kube-controller-manager --kubeconfig="$cluster_dir/admin.kubeconfig" \
        --leader-elect=false --secure-port=0 --kube-api-qps=1000 --kube-api-burst=2000 \
        --controllers="$cluster_controller_names" \
        --service-account-private-key-file="$cluster_dir/sa.key" --root-ca-file="$cluster_dir/ca.crt"
    cluster_controllers=$!
    [ -n "${SPILLWAY_TEST_BARE:-}" ] || cluster_start_kwok
    cluster_kubectl apply -f "$cluster_real/../../manifests/rbac.yaml" || return 1
    cluster_kubectl create clusterrolebinding spillway-user --clusterrole=spillway --user=spillway || return 1
    [ -z "${SPILLWAY_TEST_BARE:-}" ] || cluster_allow_preemption || return 1
    # The controller-manager makes it; without it no pod can be created.
    cluster_kubectl wait --for=create serviceaccount/default --timeout="${cluster_wait_seconds}s" || return 1
    cluster_alive kube-controller-manager "$cluster_controllers" || return 1
    [ -z "$cluster_kwok" ] || cluster_alive kwok "$cluster_kwok"
}

cluster_start_kwok() {
    cluster_spawn kwok --kubeconfig="$cluster_dir/admin.kubeconfig" --config="$cluster_bin/stages.yaml" \
        --manage-all-nodes=true --cidr=10.0.0.0/16 --node-ip=10.0.0.1 --node-lease-duration-seconds=40
    cluster_kwok=$!
}

cluster_allow_preemption() {
    cluster_kubectl apply -f "$cluster_real/../../manifests/preemption/rbac.yaml" &&
        cluster_kubectl create clusterrolebinding spillway-user-preemption --clusterrole=spillway-preemption \
            --user=spillway
}

# Nothing of it is kept, so nothing is asked to end in good order. But every end is awaited: a data
# folder must not be taken from a living etcd.
cluster_stop() {
    for cluster_pid in $cluster_extra $cluster_kwok $cluster_controllers $cluster_apiserver $cluster_etcd; do
        cluster_end "$cluster_pid"
    done
    cluster_extra='' cluster_kwok='' cluster_controllers='' cluster_apiserver='' cluster_etcd=''
}

cluster_kubectl() {
    "$cluster_bin/kubectl" --kubeconfig="$cluster_dir/admin.kubeconfig" "$@" >>"$cluster_dir/kubectl.log" 2>&1
}

# ---- processes ----

cluster_spawn() { # name of the binary, its arguments; leaves $!
    cluster_name=$1
    shift
    setsid setpriv --pdeathsig KILL -- "$cluster_bin/$cluster_name" "$@" </dev/null >"$cluster_dir/$cluster_name.log" 2>&1 &
}

cluster_alive() { # name, pid
    kill -0 "$2" 2>/dev/null && return 0
    echo "tests/real: $1 ended; see $cluster_dir/$1.log" >&2
    return 1
}

cluster_end() { # pid of a child
    kill -s KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# etcd listens on a socket file, so that only the apiserver needs a port. kube-apiserver has no "any
# free port", so a random one below the range the kernel hands out is tried, and another when taken.
# Watches that name no timeout (spillway's do) end after 30 to 60 s, in the field after 30 to 60 minutes.
cluster_start_apiserver() {
    cluster_spawn etcd --name=test --data-dir="$cluster_dir/etcd" --listen-client-urls="unix://$cluster_dir/etcd.sock" \
        --advertise-client-urls="unix://$cluster_dir/etcd.sock" --listen-peer-urls=http://127.0.0.1:0 \
        --log-level=warn --unsafe-no-fsync --quota-backend-bytes=8589934592
    cluster_etcd=$!
    cluster_write_audit_policy
    for cluster_try in 1 2 3 4 5; do
        cluster_port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
        (umask 077 && cluster_write_kubeconfigs "https://127.0.0.1:$cluster_port")
        cluster_spawn kube-apiserver --etcd-servers="unix://$cluster_dir/etcd.sock" \
            --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port="$cluster_port" --endpoint-reconciler-type=none \
            --tls-cert-file="$cluster_dir/apiserver.crt" --tls-private-key-file="$cluster_dir/apiserver.key" \
            --client-ca-file="$cluster_dir/ca.crt" --token-auth-file="$cluster_dir/tokens.csv" \
            --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$cluster_dir/sa.pub" \
            --service-account-signing-key-file="$cluster_dir/sa.key" --service-cluster-ip-range=10.0.0.0/24 \
            --authorization-mode=RBAC --allow-privileged --delete-collection-workers=16 \
            --min-request-timeout=30 \
            --audit-policy-file="$cluster_dir/audit.yaml" --audit-log-path="$cluster_dir/audit.log"
        cluster_apiserver=$!
        cluster_await_ready && return 0
        grep -q 'address already in use' "$cluster_dir/kube-apiserver.log" || break
    done
    echo "tests/real: kube-apiserver did not get ready; see $cluster_dir/kube-apiserver.log and etcd.log" >&2
    return 1
}

# What the service account of manifests/ asks for, so that its rights can be compared with it.
cluster_write_audit_policy() {
    cat >"$cluster_dir/audit.yaml" <<EOF
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: ["system:serviceaccount:kube-system:spillway"]
- level: None
EOF
}

cluster_await_ready() {
    cluster_deadline=$(($(date +%s) + cluster_wait_seconds))
    while [ "$(date +%s)" -lt "$cluster_deadline" ]; do
        kill -0 "$cluster_apiserver" 2>/dev/null && kill -0 "$cluster_etcd" 2>/dev/null || return 1
        cluster_kubectl get --raw /readyz && return 0
        sleep 0.1
    done
    return 1
}

# ---- keys and kubeconfigs ----

cluster_make_keys() {
    cd "$cluster_dir" || return 1
    exec 2>openssl.log
    cluster_ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl req -x509 $cluster_ec -days 30 -subj /CN=test-ca -keyout ca.key -out ca.crt || return 1
    openssl genrsa -out sa.key 2048 && openssl rsa -in sa.key -pubout -out sa.pub || return 1
    cluster_make_cert apiserver /CN=kube-apiserver \
        'subjectAltName=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.0.0.1' || return 1
    cluster_make_cert admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth || return 1
    cluster_make_cert spillway /CN=spillway extendedKeyUsage=clientAuth || return 1
    for cluster_user in spillway rightless; do
        openssl rand -hex 16 >"$cluster_user.token" || return 1
        printf '%s,%s,%s\n' "$(cat "$cluster_user.token")" "$cluster_user" "$cluster_user"
    done >tokens.csv
}

cluster_make_cert() { # name, subject, extension
    openssl req $cluster_ec -subj "$2" -keyout "$1.key" -out "$1.csr" || return 1
    printf '%s\n' "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.crt"
}

cluster_write_kubeconfigs() { # URL
    printf '%s\n' "$1" >"$cluster_dir/server"
    cluster_kubeconfig admin "certificate-authority: ca.crt" "client-certificate: admin.crt" "client-key: admin.key"
    cluster_kubeconfig spillway "certificate-authority-data: $(base64 -w0 "$cluster_dir/ca.crt")" \
        "client-certificate-data: $(base64 -w0 "$cluster_dir/spillway.crt")" \
        "client-key-data: $(base64 -w0 "$cluster_dir/spillway.key")"
    cluster_kubeconfig token "certificate-authority: $cluster_dir/ca.crt" "token: $(cat "$cluster_dir/spillway.token")"
    cluster_kubeconfig rightless "certificate-authority: $cluster_dir/ca.crt" "token: $(cat "$cluster_dir/rightless.token")"
}

cluster_kubeconfig() { # name, the line of the CA, one or two lines of the user
    cat >"$cluster_dir/$1.kubeconfig" <<EOF
apiVersion: v1
kind: Config
current-context: test
clusters:
- name: test
  cluster:
    server: $(cat "$cluster_dir/server")
    $2
users:
- name: $1
  user:
    $3
    ${4:-}
contexts:
- name: test
  context:
    cluster: test
    user: $1
    namespace: default
EOF
}
