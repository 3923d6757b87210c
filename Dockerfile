FROM python:3.13-slim
# The code's own folder is never written to; WEB_CONCURRENCY is gunicorn's number of processes.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 WEB_CONCURRENCY=4
WORKDIR /app
RUN useradd --system --uid 10001 --user-group app
# What sets the text of PDF reports.
RUN apt-get update && apt-get install -y --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
COPY requirements.lock.txt .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock.txt
COPY . .
# Collecting static files needs settings to be there, whatever they are.
RUN SECRET_KEY=none-none-none-1234567890-none-none-none-1234567890 BASE_URL=https://none DATABASE_URL=postgres://none/none \
    REDIS_URL=redis://none EMAIL_URL=dummy:// python manage.py collectstatic --no-input
USER app
EXPOSE 8000
# By the name that the site answers to.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s CMD ["python", "-c", "import os, urllib.parse as p, urllib.request as u; u.urlopen(u.Request('http://localhost:8000/healthz', headers={'Host': p.urlsplit(os.environ['BASE_URL']).netloc}), timeout=5)"]
CMD ["gunicorn", "mlops_maturity.wsgi", "--bind", "0.0.0.0:8000", "--no-control-socket"]
