/**
 * Plugin: removes DependsOn entries from the finished template where a reference already implies them. The framework
 * writes many of them; cfn-lint reports each (W3005), and a rule that is always ignored finds nothing.
 */
class Tidy {
  constructor(serverless) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        tidy(serverless.service.provider.compiledCloudFormationTemplate.Resources),
    };
  }
}

function tidy(resources) {
  for (const resource of Object.values(resources)) {
    if (!resource.DependsOn) continue;
    const referenced = references(resource.Properties);
    const kept = [resource.DependsOn].flat().filter((id) => !referenced.has(id));
    if (kept.length > 0) resource.DependsOn = kept;
    else delete resource.DependsOn;
  }
}

/** Logical ids that a value refers to through Ref, Fn::GetAtt or Fn::Sub. */
function references(value, found = new Set()) {
  if (Array.isArray(value)) for (const item of value) references(item, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'Ref') found.add(inner);
      else if (key === 'Fn::GetAtt') found.add([inner].flat()[0].split('.')[0]);
      else if (key === 'Fn::Sub')
        for (const [, id] of String([inner].flat()[0]).matchAll(/\$\{([A-Za-z0-9]+)[.}]/g)) found.add(id);
      references(inner, found);
    }
  }
  return found;
}

module.exports = Tidy;
module.exports.tidy = tidy;
