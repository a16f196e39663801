class CreateItems < ActiveRecord::Migration[8.0]
  def up = execute(File.read(__FILE__.sub(/rb$/, "sql")))
end
