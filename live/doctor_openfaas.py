"""What ``autoscale doctor --backend openfaas`` finds out: each finding with its remedy. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from autoscaling_env.config import Config
from autoscaling_env.errors import AutoscalingError
from live.doctor import Finding
from live.platforms.openfaas_deployment import FARM_LABEL, SERVICES, ours
from live.platforms.openfaas_edition import CE_FUNCTIONS, CE_REPLICAS, Edition, told_edition
from live.platforms.openfaas_farm import checked_spec
from live.platforms.openfaas_gateway import FunctionStatus, Gateway

LOOK_S = 5.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def examine_openfaas(config: Config) -> list[Finding]:
    """Look at everything ``--backend openfaas`` needs besides what every live farm needs (``live.doctor``)."""
    findings = [*_configuration(config), _transport(config), _secrets(config)]
    try:
        gateway = Gateway(config.live.openfaas)
    except AutoscalingError as error:
        return [*findings, Finding("gateway", False, str(error), "write the password to that file")]
    try:
        return [*findings, *_gateway(config, gateway)]
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


def _gateway(config: Config, gateway: Gateway) -> Iterator[Finding]:
    try:
        listing = gateway.functions(LOOK_S)
        info = gateway.info(LOOK_S)
    except AutoscalingError as error:
        remedy = "the message says what; `kubectl -n openfaas get pods` and `kubectl -n openfaas logs deploy/gateway`"
        yield Finding("gateway", False, str(error), remedy)
        return
    yield Finding("gateway", True, f"{gateway.where} answers, {len(listing)} functions in {gateway.namespace}")
    yield _limits(config, told_edition(info), listing)
    yield _leftovers(config, listing)
    yield _names(config, listing)


def _limits(config: Config, edition: Edition, listing: Sequence[FunctionStatus]) -> Finding:
    """Compare the edition's limits with ``farm.max_workers``."""
    wanted, mode = config.farm.max_workers, config.live.openfaas.mode
    if edition is not Edition.COMMUNITY:
        detail = "the provider does not call itself Community Edition; the first episode finds out"
        return Finding("edition", True, f"{detail} whether {wanted} workers are possible")
    others = len(listing) - len(ours(listing, config.live.farm))
    room = max(0, CE_FUNCTIONS - len(SERVICES) - others)
    most = CE_REPLICAS if mode == "replicas" else room if mode == "functions" else max(CE_REPLICAS, room)
    detail = f"Community Edition: {most} workers at most in mode {mode} ({others} functions of others)"
    if wanted <= most:
        return Finding("edition", True, detail)
    remedy = f"set farm.max_workers to {most}" + ("; or live.openfaas.mode functions" if mode == "replicas" else "")
    remedy += "; or delete functions of others; or use another edition, or --backend kubernetes"
    return Finding("edition", False, f"{detail}; farm.max_workers is {wanted}", remedy)


def _leftovers(config: Config, listing: Sequence[FunctionStatus]) -> Finding:
    left = [function.name for function in ours(listing, config.live.farm)]
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
