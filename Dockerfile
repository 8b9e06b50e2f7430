# syntax=docker/dockerfile:1

# One static binary, on an image with nothing else in it: no shell, no package
# manager, certificates and time zones only, and not root.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/rebuttal . \
    && mkdir -p /out/data/blobs

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/rebuttal /usr/local/bin/rebuttal
# A volume that is mounted here starts with this owner.
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/rebuttal
# The starter's door, and a worker's metrics and health.
EXPOSE 8080 9091
ENTRYPOINT ["/usr/local/bin/rebuttal"]
CMD ["--help"]
