# The production server: the same locked requirements and the same `python -m cli` that make uses.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv .venv
COPY requirements/production.txt requirements/production.txt
RUN .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/production.txt

# What runs in a browser.
FROM node:24-slim AS pages
WORKDIR /pages
COPY api/browser/package.json api/browser/package-lock.json api/browser/.npmrc ./
RUN npm ci --omit=dev
COPY api/browser .
RUN npm run build

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sdc
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY api api
COPY --from=pages /pages/dist api/browser/dist
COPY card card
COPY cli cli
COPY domain domain
COPY models models
COPY policy policy
COPY schema schema
COPY services services
RUN .venv/bin/python -m compileall -q api card cli domain models schema services
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=2)"]
# In the exec form the server is process 1 and receives the stop signal itself.
CMD ["python", "-m", "cli", "serve"]
