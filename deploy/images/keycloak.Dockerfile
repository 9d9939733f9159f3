# Keycloak with its build options applied and the realm of Piket, so that it starts with a read-only root file system.
# The two steps are those of Keycloak's own guide "Running Keycloak in a container".
ARG KEYCLOAK=quay.io/keycloak/keycloak:26.7

# hadolint ignore=DL3006
FROM ${KEYCLOAK} AS build
ENV KC_DB=postgres KC_HEALTH_ENABLED=true KC_METRICS_ENABLED=true KC_HTTP_RELATIVE_PATH=/auth
RUN /opt/keycloak/bin/kc.sh build

# hadolint ignore=DL3006
FROM ${KEYCLOAK}
LABEL org.opencontainers.image.title="Piket Keycloak" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/keycloak/ /opt/keycloak/
USER 1000
EXPOSE 8080 9000
ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]
CMD ["start", "--optimized", "--import-realm"]
