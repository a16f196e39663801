class CreateItems < ActiveRecord::Migration[8.0]
  def change = create_table(:items)
end
