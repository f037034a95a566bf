# The course for a class server: JupyterLab on port 8888, with copies for one learner.
#   docker build --tag course . && docker run --publish 8888:8888 course
# Mount a volume on /home/learner to keep what the learner writes.
FROM python:3.12-slim

WORKDIR /course
COPY . .
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
        -c constraints.txt -e . \
    && course prepare \
    && useradd --create-home learner

USER learner
WORKDIR /home/learner
EXPOSE 8888
CMD ["course", "lab", "--no-browser", "--ip=0.0.0.0"]
