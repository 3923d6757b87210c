FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements.lock.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock.txt
COPY . .
# Collecting static files needs settings to be there, whatever they are.
RUN SECRET_KEY=none-none-none-1234567890-none-none-none-1234567890 BASE_URL=https://none DATABASE_URL=postgres://none/none \
    REDIS_URL=redis://none EMAIL_URL=dummy:// python manage.py collectstatic --no-input
RUN useradd --system app
USER app
EXPOSE 8000
CMD ["gunicorn", "mlops_maturity.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--no-control-socket"]
