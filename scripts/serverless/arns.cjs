/** ARNs of this account, and statements about them, as the tables of permissions write them. */
const HERE = '${AWS::Region}';
const sub = (text) => ({ 'Fn::Sub': text });
const may = (Action, Resource, Condition) => ({ Effect: 'Allow', Action, Resource, Condition });
const arnIn =
  (service) =>
  (rest, region = HERE) =>
    sub(`arn:\${AWS::Partition}:${service}:${region}:\${AWS::AccountId}:${rest}`);

module.exports = {
  HERE,
  sub,
  may,
  rds: arnIn('rds'),
  cache: arnIn('elasticache'),
  lambdaFunction: (rest) => arnIn('lambda')(`function:${rest}`),
  secret: (rest) => arnIn('secretsmanager')(`secret:${rest}`),
};
