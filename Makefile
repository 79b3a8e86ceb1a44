# What a person runs, and what CI runs: each target is a command of package.json or `.ci/run`.
.DEFAULT_GOAL := help
.PHONY: help install dev dev-cluster build lint format types test test-api test-integration test-faults soak outages safeguards test-chart test-cluster test-load observe image chart kind-up kind-down bench bench-cluster load capacity check clean

VERSION := $(shell sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)
IMAGE ?= seqline:dev
HELM ?= helm
KIND ?= kind
# What builds images: docker, or podman, or anything that takes its options.
CONTAINERS ?= docker
SCENARIO ?= chat

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Install what the project needs into node_modules, Node.js itself included
	npm ci

dev: ## Run the whole server on this machine: http://127.0.0.1:8080
	npm start

dev-cluster: ## Run gateways, workers and a controller on the servers that the environment names
	npm run cluster

build: ## Build the server, the SDK and the page into dist
	npm run build

lint: ## Check the format and the lint rules
	npm run lint

format: ## Format, and mend what the linter can mend
	npm run format

types: ## Check the types
	npm run typecheck

test: ## Run all tests
	npm test

test-api: ## Call the HTTP API in all ways that its document tells of (SCHEMATHESIS)
	npm run test:api

test-faults: ## Break processes, servers and the ways between them under load, one by one and together
	npm run test:faults

outages: ## Leave each store silent for ten minutes under load, and look at the memory
	npm run outages

safeguards: ## Take out one safeguard at a time, and see that a test notices
	npm run --silent safeguards

soak: ## Break everything at random for half an hour
	npm run soak

test-integration: ## Run the tests on MySQL, Redis and Kafka (MYSQL_URL, REDIS_URL, KAFKA_BROKERS)
	npm run test:integration

test-chart: ## Check what the chart renders (helm and kubeconform on the PATH)
	npm run test:chart

test-cluster: ## Run the chart in a cluster under load (KUBECONFIG, and IMAGE there)
	npm run test:cluster

# Two builds of one commit are equal: their times are the commit's, and nothing else in them depends on when or where.
image: ## Build the image: IMAGE=seqline:dev
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(CONTAINERS) build --tag $(IMAGE) \
	  --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) .

chart: ## Check the chart, write its README, pack it into dist
	npm run chart:readme
	$(HELM) lint --strict charts/seqline --values k8s/values-dev.yaml
	$(HELM) package charts/seqline --destination dist

kind-up: image ## A cluster of kind with everything in it: http://127.0.0.1:8080
	$(KIND) create cluster --name seqline --config k8s/kind.yaml
	$(KIND) load docker-image $(IMAGE) --name seqline
	kubectl apply -k k8s
	$(HELM) install im charts/seqline --namespace seqline --values k8s/values-dev.yaml --values k8s/values-kind.yaml --wait --timeout 15m

kind-down: ## Remove that cluster
	$(KIND) delete cluster --name seqline

test-load: ## Run the tests of the load tests (k6 2 on the PATH)
	npm run test:load

observe: ## Show a server on this machine to Prometheus, and to Grafana where it is installed
	npm run --silent observe

bench: ## Measure the server beside its yardsticks
	npm run bench

bench-cluster: ## Measure gateways and workers beside what their servers do alone
	npm run bench:cluster

load: ## Load a server: SCENARIO=chat, and the environment of loadtest/README.md
	npm run load -- $(SCENARIO)

capacity: ## Find the highest rate of chat at which the thresholds hold, and what ends it
	npm run capacity

check: ## Run everything that CI runs, from the installation on
	.ci/run

clean: ## Remove what was built
	rm -rf dist coverage loadtest/results
