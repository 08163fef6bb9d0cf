# One image for every process; docker-compose.yml says which one a container is.
FROM python:3.13-slim-trixie

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GATEPOST_HOME=/var/lib/gatepost
WORKDIR /srv/gatepost
COPY requirements.lock ./
RUN pip install --no-cache-dir --root-user-action=ignore --disable-pip-version-check --require-hashes -r requirements.lock \
    && useradd --system --home-dir /var/lib/gatepost --create-home gatepost \
    && install -d -o gatepost -g gatepost -m 0700 /var/lib/gatepost
COPY manage.py pyproject.toml ./
COPY transport transport
COPY console console
COPY templates templates
COPY static static
COPY docs docs
# Once here instead of at each start of each process.
RUN python -m compileall -q console transport
USER gatepost
STOPSIGNAL SIGTERM
VOLUME /var/lib/gatepost
CMD ["python", "manage.py", "status"]
