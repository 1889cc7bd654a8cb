# One image for emitter, worker and collector; `--target controller` adds the command line for use in the cluster.
# Every version comes from requirements.lock, with its hash.
FROM python:3.11-slim AS build
RUN python3 -m venv --without-pip /opt/venv
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock deploy/image/locked.py ./
RUN python3 -m venv /opt/tools \
 && python3 locked.py requirements.lock hatchling packaging pathspec pluggy trove-classifiers > tools.txt \
 && /opt/tools/bin/python -m pip install --no-deps --require-hashes -r tools.txt
COPY pyproject.toml README.md ./
COPY autoscaling_env autoscaling_env
COPY simulator simulator
COPY live live
COPY agents agents
COPY workloads workloads
COPY analysis analysis
COPY operate operate
COPY experiments experiments
COPY cli cli
RUN /opt/tools/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

# What the functions import: a Redis client and nothing else of size.
FROM build AS functions-venv
RUN python3 locked.py requirements.lock redis async-timeout wrapt > functions.txt \
 && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-deps --require-hashes -r functions.txt \
 && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-deps /wheels/*.whl

# What the command line needs besides: pip says which packages those are, the lock file which versions and hashes.
FROM functions-venv AS controller-venv
ENV EXTRAS="live operate celery rabbitmq keda"
RUN /opt/venv/bin/python -c "import importlib.metadata as m, os, re; extras = {*os.environ['EXTRAS'].split()}; print(*(r.partition(';')[0] for r in m.requires('openfaas-autoscaling') if {*re.findall('extra == .([a-z]+)', r)} <= extras and not r.startswith('openfaas-autoscaling')), sep='\n')" > needed.txt \
 && sed -E '/^ +--hash/d; s/ \\$//' requirements.lock > versions.txt \
 && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --dry-run --ignore-installed --quiet --report report.json --constraint versions.txt -r needed.txt \
 && python3 locked.py requirements.lock report.json > controller.txt \
 && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-deps --require-hashes -r controller.txt

FROM python:3.11-slim AS base
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp

FROM base AS controller
COPY --from=controller-venv /opt/venv /opt/venv
ENV MPLCONFIGDIR=/tmp NUMBA_CACHE_DIR=/tmp
ENTRYPOINT ["autoscale"]

FROM base AS functions
COPY --from=functions-venv /opt/venv /opt/venv
# A function answers probes when AUTOSCALE_FN_HTTP_PORT is set; without it there is nothing to ask.
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s \
  CMD ["python", "-c", "import os, http.client as h; p = int(os.environ.get('AUTOSCALE_FN_HTTP_PORT', 0)); c = h.HTTPConnection('127.0.0.1', p, timeout=1); exit(0 if not p else c.request('GET', '/healthz') or c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m"]
CMD ["live.functions.worker"]
