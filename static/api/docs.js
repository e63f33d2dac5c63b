// Swagger UI over our own description; nothing is loaded from elsewhere.
const target = document.getElementById("docs");
SwaggerUIBundle({
  url: target.dataset.schema,
  domNode: target,
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
