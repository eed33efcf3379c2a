# Inkling for a container: the pages, and with `python -m core work` a machine that only trains. All that it writes is in
# /data and /tmp, so the rest may be read-only.
FROM python:3.12-slim

WORKDIR /app
COPY requirements.txt requirements-dev.txt ./
RUN grep '^psycopg' requirements-dev.txt > postgresql.txt \
  && pip install --no-cache-dir --requirement requirements.txt --requirement postgresql.txt
COPY app.py ./
COPY .streamlit .streamlit
COPY core core
COPY pages pages
RUN python -m compileall -q app.py core pages \
  && useradd --uid 1000 --home-dir /data inkling \
  && install --directory --owner=inkling --mode=700 /data

USER 1000
ENV HOME=/data INKLING_HOME=/data/inkling PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
