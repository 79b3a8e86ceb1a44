# What a person runs, and what CI runs: each target is a command of package.json or `.ci/run`.
.DEFAULT_GOAL := help
.PHONY: help install dev dev-cluster build lint format types test test-faults soak bench bench-cluster check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

test-faults: ## Break processes, servers and the ways between them under load, one by one and together
	npm run test:faults

soak: ## Break everything at random for half an hour
	npm run soak

bench: ## Measure the server beside its yardsticks
	npm run bench

bench-cluster: ## Measure gateways and workers beside what their servers do alone
	npm run bench:cluster

check: ## Run everything that CI runs, from the installation on
	.ci/run

clean: ## Remove what was built
	rm -rf dist coverage
