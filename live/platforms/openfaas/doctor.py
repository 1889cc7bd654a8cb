"""What ``autoscale doctor --backend openfaas`` finds out: each finding with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from autoscaling_env.config import Config
from autoscaling_env.errors import AutoscalingError
from autoscaling_env.farm_kind import Finding
from live.clients import command_client, shown
from live.errors import speaking_ours
from live.platforms.local.doctor import server_findings
from live.platforms.openfaas.deployment import FARM_LABEL, HAND_BACK_S, SERVICES, ours, trials
from live.platforms.openfaas.edition import CE_FUNCTIONS, CE_NAMESPACE, CE_REPLICAS, Edition, edition_of
from live.platforms.openfaas.farm import checked_spec
from live.platforms.openfaas.gateway import FunctionStatus, Gateway
from live.platforms.openfaas.trial import try_worker
from live.status import farm_status

LOOK_S = 5.0
#: A function that tries image and Redis may take this long (real seconds).
TRIAL_S = 60.0
#: Service times beyond this have no bound worth the name (real seconds).
UNBOUNDED_S = 1e6
#: Without these a trial tells nothing new.
NEEDED = ("configuration", "Redis", "Redis for functions", "gateway", "namespace")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: To a function these hosts are its own pod.
OWN_POD = LOOPBACK


def examine(config: Config, trial_s: float = TRIAL_S) -> list[Finding]:
    """Look at everything ``--backend openfaas`` needs. Runs one function for some seconds and removes it.

    Args:
        config: what would be run.
        trial_s: how long that function may take (real seconds); 0: run none.
    """
    findings = [*_configuration(config), _grace(config), _transport(config), _secrets(config), *_redis(config)]
    try:
        gateway = Gateway(config.live.openfaas)
    except AutoscalingError as error:
        return [*findings, Finding("gateway", False, str(error), "put it there: key basic-auth-password of basic-auth")]
    try:
        findings += _gateway(config, gateway)
        possible = {finding.what for finding in findings if not finding.ok}.isdisjoint(NEEDED)
        return findings + ([_trial(config, gateway, trial_s)] if trial_s and possible else [])
    finally:
        gateway.close()


def _configuration(config: Config) -> Iterator[Finding]:
    try:
        checked_spec(config)
    except AutoscalingError as error:
        for problem in str(error).splitlines():
            yield Finding("configuration", False, problem, "set it in the configuration's section live")
    else:
        yield Finding("configuration", True, f"image {config.live.openfaas.image}, farm {config.live.farm!r}")


def _grace(config: Config) -> Finding:
    """Whether a worker that is told to leave can finish its task."""
    grace_s = min(config.live.drain_grace_s, config.live.openfaas.termination_grace_s - HAND_BACK_S)
    longest_s = config.workload.service.max_s * config.live.time_scale
    if grace_s < longest_s < UNBOUNDED_S:
        detail = f"a task may take {longest_s:g} s, a leaving worker hands it back after {grace_s:g} s"
        return Finding("drain", False, detail, "raise live.drain_grace_s up to 27, or lower live.time_scale")
    return Finding("drain", True, f"a leaving worker has {grace_s:g} s for its task")


def _transport(config: Config) -> Finding:
    parts = urlsplit(config.live.openfaas.gateway)
    secret = config.live.openfaas.password_file
    if parts.scheme == "http" and secret and parts.hostname not in LOOPBACK:
        remedy = "use https, or `kubectl -n openfaas port-forward svc/gateway 8080` and http://127.0.0.1:8080"
        return Finding("transport", False, f"the password goes to {parts.hostname} unencrypted", remedy)
    return Finding("transport", True, f"{parts.scheme} to {parts.hostname}")


def _secrets(config: Config) -> Finding:
    url = config.live.openfaas.redis_url or config.live.redis_url or ""
    if urlsplit(url).password:
        remedy = (
            "create an OpenFaaS secret with it, name that in live.openfaas.redis_secret, and take it out of the URL"
        )
        return Finding("Redis password", False, "whoever may list functions can read it in their settings", remedy)
    return Finding("Redis password", True, "not in the functions' settings")


def _redis(config: Config) -> Iterator[Finding]:
    """Redis as this machine sees it, and whether its address can mean the same to a function."""
    live = config.live
    if not live.redis_url:
        return  # told with the configuration
    inside = urlsplit(live.openfaas.redis_url or live.redis_url)
    if inside.hostname in OWN_POD:
        remedy = "set live.openfaas.redis_url to where pods reach it, such as redis://redis.openfaas-fn:6379/0"
        yield Finding("Redis for functions", False, f"{inside.hostname} is the function's own pod", remedy)
    where = shown(live.redis_url)
    try:
        secret = live.redis_password_file
        with (
            command_client(live.redis_url, password_file=secret, retries=0, timeout_s=2.0) as client,
            speaking_ours(where),
        ):
            facts = {str(name): str(value) for name, value in client.info().items()}
        status = farm_status(live.redis_url, live.farm, password_file=secret)
    except AutoscalingError as error:
        yield Finding("Redis", False, str(error), "start it, or set live.redis_url to where this machine reaches it")
        return
    kept = {"1": "yes", "0": "no"}.get(facts.get("aof_enabled", ""), "unknown")
    yield from server_findings(where, facts | {"persistence": kept})
    if status.controlled:
        remedy = "wait until that run has ended, or use another live.farm"
        yield Finding("controller", False, f"farm {live.farm!r} is controlled by {status.controller}", remedy)
    else:
        yield Finding("controller", True, f"nobody controls farm {live.farm!r}")


def _trial(config: Config, gateway: Gateway, within_s: float) -> Finding:
    try:
        took_s = try_worker(config, gateway, within_s)
    except AutoscalingError as error:
        remedy = (
            "the message says what; is the image public or its pull secret there, and live.openfaas.redis_url right? "
            f"`kubectl -n {gateway.namespace} get events` tells more"
        )
        return Finding("trial function", False, str(error), remedy)
    return Finding("trial function", True, f"ran and reached Redis in {took_s:.1f} s")


def _gateway(config: Config, gateway: Gateway) -> Iterator[Finding]:
    try:
        listing = gateway.functions(LOOK_S)
        info = gateway.info(LOOK_S)
    except AutoscalingError as error:
        remedy = "the message says what; `kubectl -n openfaas get pods` and `kubectl -n openfaas logs deploy/gateway`"
        yield Finding("gateway", False, str(error), remedy)
        return
    yield Finding("gateway", True, f"{gateway.where} answers, {len(listing)} functions in {gateway.namespace}")
    yield _namespace(config, edition_of(info))
    yield _limits(config, edition_of(info), listing)
    yield _start_up(config, edition_of(info))
    yield _leftovers(config, listing)
    yield _names(config, listing)


def _namespace(config: Config, edition: Edition) -> Finding:
    named = config.live.openfaas.namespace
    if edition is Edition.COMMUNITY and named != CE_NAMESPACE:
        detail = f"{named}: the Community Edition has {CE_NAMESPACE} only"
        return Finding("namespace", False, detail, f"set live.openfaas.namespace to {CE_NAMESPACE}")
    return Finding("namespace", True, named)


def _start_up(config: Config, edition: Edition) -> Finding:
    """Look whether configured delays can be had: they need a function per worker."""
    mode = config.live.openfaas.mode
    shared = mode == "replicas" or (mode == "auto" and edition is not Edition.COMMUNITY)
    if config.live.startup == "configured" and shared:
        detail = "replicas share their settings: farm.startup is not imposed, the real start-up counts"
        return Finding("start-up", False, detail, "set live.startup to real, or live.openfaas.mode to functions")
    return Finding("start-up", True, config.live.startup)


def _limits(config: Config, edition: Edition, listing: Sequence[FunctionStatus]) -> Finding:
    """Compare the edition's limits with ``farm.max_workers``."""
    wanted, mode = config.farm.max_workers, config.live.openfaas.mode
    if edition is not Edition.COMMUNITY:
        detail = "the provider does not call itself Community Edition; the first episode finds out"
        return Finding("edition", True, f"{detail} whether {wanted} workers are possible")
    others = len(listing) - len(ours(listing, config.live.farm))
    room = max(0, CE_FUNCTIONS - len(SERVICES) - others)
    most = min(room, 1) * CE_REPLICAS if mode == "replicas" else room * CE_REPLICAS
    detail = f"Community Edition: {most} workers at most in mode {mode} ({others} functions of others)"
    if wanted <= most:
        return Finding("edition", True, detail)
    remedy = f"set farm.max_workers to {most}" + ("; or live.openfaas.mode functions" if mode == "replicas" else "")
    remedy += "; or delete functions of others; or use another edition, or --backend kubernetes"
    return Finding("edition", False, f"{detail}; farm.max_workers is {wanted}", remedy)


def _leftovers(config: Config, listing: Sequence[FunctionStatus]) -> Finding:
    farm = config.live.farm
    left = [function.name for function in (*ours(listing, farm), *trials(listing, farm))]
    if not left:
        return Finding("functions left over", True, "none")
    remedy = "if no run is going on: `autoscale farm down --backend openfaas`; the next run removes them, too"
    return Finding("functions left over", False, ", ".join(sorted(left)), remedy)


def _names(config: Config, listing: Sequence[FunctionStatus]) -> Finding:
    """Functions of somebody else that are called as ours would be."""
    mine = (f"{config.live.farm}-worker", *(f"{config.live.farm}-{role}" for role in SERVICES))
    taken = [f.name for f in listing if f.name.startswith(mine) and FARM_LABEL not in f.labels]
    if not taken:
        return Finding("names", True, "free")
    return Finding("names", False, f"somebody else's: {', '.join(taken)}", "use another live.farm")
