/**
 * The Monday of this week (UTC). It is an argument of the image's build: Docker keeps the layer that installed
 * PostgreSQL while nothing in it changes, and would keep an old minor release.
 */
module.exports = () => {
  const today = new Date();
  today.setUTCDate(today.getUTCDate() - ((today.getUTCDay() + 6) % 7));
  return today.toISOString().slice(0, 10);
};
