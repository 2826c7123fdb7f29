# The image of mvrun: one static binary, the certificates of public authorities, and a
# user that is not root.
#
#   docker build -t mvrun .
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" mvrun validate.star -f list.txt

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags '-s -w' -o /out/mvrun ./cmd/mvrun
RUN mkdir /out/work

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/mvrun /usr/local/bin/mvrun
# The failed list goes to the working directory, so the user must own it.
COPY --from=build --chown=65532:65532 /out/work /work
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/mvrun"]
CMD ["help"]
